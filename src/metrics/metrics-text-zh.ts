/** The Chinese texts of the metrics. @see documentTexts for the keys */
export const METRICS_TEXT_ZH: Readonly<Record<string, string>> = {
  'metrics.summary': 'Prometheus 监控指标',
  'metrics.200': 'Prometheus 文本格式。',
  'metrics.401': '服务设置了 `METRICS_TOKEN`，而 Bearer 令牌与之不符。',
};
