#!/usr/bin/env node
// Prints a new XverifyApi value, generated the same way as the documented clients do it: encryptByDES(newGuid()).
//   npm run --silent verify-header            for the demo project ptdev
//   npm run --silent verify-header acme-key   for a project with this verify key
import CryptoJS from 'crypto-js';
import { randomUUID } from 'node:crypto';

const key = CryptoJS.enc.Utf8.parse((process.argv[2] ?? 'ptdev-58').slice(0, 8));
const text = `${randomUUID()}|${Date.now()}`;
const sealed = CryptoJS.DES.encrypt(text, key, { mode: CryptoJS.mode.ECB, padding: CryptoJS.pad.Pkcs7 });
process.stdout.write(`${sealed.toString()}\n`);
