export { close as default } from './postgres-host.mjs';
