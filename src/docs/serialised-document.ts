import type { OpenAPIObject } from '@nestjs/swagger';
import { dump } from 'js-yaml';
import { chineseDocument } from './chinese-document.js';

export type Format = 'json' | 'yaml';
export type Language = 'en' | 'zh';

/**
 * The OpenAPI document as text, written once for each format and language: one writing holds the event loop for tens of
 * milliseconds.
 */
export class SerialisedDocument {
  private english: Promise<OpenAPIObject> | null = null;
  private readonly texts = new Map<string, string>();

  /** @param build called on the first request, after the operator's plugins are loaded */
  constructor(private readonly build: () => Promise<OpenAPIObject>) {}

  async text(format: Format, language: Language): Promise<string> {
    const key = `${format} ${language}`;
    let text = this.texts.get(key);
    if (text === undefined) {
      const document = await this.in(language);
      text =
        format === 'json' ? JSON.stringify(document) : dump(document, { skipInvalid: true, noRefs: true });
      this.texts.set(key, text);
    }
    return text;
  }

  private async in(language: Language): Promise<OpenAPIObject> {
    const english = await (this.english ??= this.build());
    return language === 'zh' ? chineseDocument(english) : english;
  }
}
