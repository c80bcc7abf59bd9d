/** A spacecraft that learns a number: the bus and the federation node as they fly, and a trainer that adds one to every parameter. */
import { fileDownlink } from '../../components/comms/fileDownlink/fileDownlink';
import { federationNode } from '../../components/learning/federationNode/federationNode';
import { TrainDone, TrainOrder } from '../../components/learning/ports';
import { component, connect, defineComponent, input, instance, output } from '../../fsw/framework';
import { bus } from '../../fsw/missions/bus';

export const NODE = 'craft-1';
export const EXAMPLES = 64;
const MODEL = 'land-cover';

const trainerModel = defineComponent({
  kind: 'active',
  doc: 'Answers each order at once, with every parameter one larger; an order for another model it refuses.',
  ports: { trainOrder: input.async(TrainOrder), trainDone: output(TrainDone) },
});

const trainer = component(trainerModel, {
  state: () => ({}),
  ports: ({ out }) => ({
    trainOrder({ ticket, order }) {
      if (order.model !== MODEL) {
        out.trainDone({ ticket, status: 'REFUSED', reason: `no model ${order.model}`, result: undefined });
        return;
      }
      const initial = order.initial ?? new Float32Array(0);
      const parameters = initial.map((value) => value + 1);
      const result = {
        initial,
        parameters,
        examples: EXAMPLES,
        loss: 0.5,
        accuracyBefore: 0.5,
        accuracyAfter: 0.75,
      };
      out.trainDone({ ticket, status: 'DONE', reason: '', result });
    },
  }),
});

const spacecraft = bus({ version: '0.1.0', periodUs: 20_000, security: 'CLEAR', downlinkBps: 20_000_000 });
const node = instance('federationNode', federationNode, {
  baseId: 0x2000,
  priority: 10,
  config: { node: NODE },
});
const training = instance('trainer', trainer, { baseId: 0x2100, priority: 9 });
/** That of the bus, by its name. */
const filesDown = instance('fileDownlink', fileDownlink, { baseId: 0x1800 });

export const topology = spacecraft.complete({
  name: 'Federated',
  payload: [node, training],
  connections: [
    connect(spacecraft.fast[0], node.in.schedIn),
    connect(node.out.trainOrder, training.in.trainOrder),
    connect(training.out.trainDone, node.in.trainDone),
    connect(node.out.fileSend, filesDown.in.fileSend[1]),
    connect(filesDown.out.fileDone[1], node.in.fileDone),
  ],
  packets: [{ name: 'Federation', id: 1, channels: ['federationNode.TasksDone'] }],
});
