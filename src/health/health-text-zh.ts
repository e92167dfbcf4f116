/** The Chinese texts of the health checks. @see documentTexts for the keys */
export const HEALTH_TEXT_ZH: Readonly<Record<string, string>> = {
  'live.summary': '存活检查',
  'ready.summary': '就绪检查',
  'live.200': '检查通过。',
  'live.503': '检查未通过，`error` 指明出错的组件。',
  'ready.200': '检查通过。',
  'ready.503': '检查未通过，`error` 指明出错的组件。',
};
