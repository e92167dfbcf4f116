// What a further <script> tag defines for sessions that are bound to a key: `boAuth.dpopKey()`.
import { dpopKey } from './dpop.js';

const page = globalThis as { boAuth?: object };
page.boAuth = Object.assign(page.boAuth ?? {}, { dpopKey });
