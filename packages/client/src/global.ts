// What a <script> tag defines: `boAuth.createLoginAuth(…)`.
import { createLoginAuth, hmacVerify, LoginAuthError } from './index.js';

const page = globalThis as { boAuth?: object };
page.boAuth = Object.assign(page.boAuth ?? {}, { createLoginAuth, hmacVerify, LoginAuthError });
