/** `npm run bench -- link`. */
import { linkCodec } from './linkCodec';
import { linkGateway } from './linkGateway';

export const link = [linkCodec, linkGateway];
