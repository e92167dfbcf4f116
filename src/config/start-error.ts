/** Why the service cannot start; the message is for an operator and needs no stack. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}
