// What a second <script> tag defines for a project with a DES cipher: `boAuth.desVerify(key)`.
import { desVerify } from './verify/des.js';

const page = globalThis as { boAuth?: object };
page.boAuth = Object.assign(page.boAuth ?? {}, { desVerify });
