import { type ApiError, catalogue } from './error-catalogue.js';
import { chineseText } from './error-text-zh.js';
import type { Language } from './language.js';
import { preciseTextZh } from './precise-text-zh.js';

/** The public sentence of a failure: its own, where it says more than the catalogue, else the catalogue's. */
export function errorText(error: ApiError, language: Language): string {
  if (language === 'en') return error.message;
  const general = chineseText[error.errorCode];
  if (error.message === catalogue[error.errorCode].text) return general;
  return preciseTextZh(error.message, error.field) ?? general;
}
