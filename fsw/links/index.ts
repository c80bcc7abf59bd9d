/** Transports of the link, shared by flight and ground. */
export * from './link';
export * from './linkSpec';
export * from './openLink';
