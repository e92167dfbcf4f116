/** The Chinese texts of the envelope, the errors and the response plugin. @see documentTexts for the keys */
export const RESPONSE_TEXT_ZH: Readonly<Record<string, string>> = {
  '200': '成功。',
  '201': '创建成功。',
  'Retry-After': '下次重试前应等待的秒数。',
  'example.success': '成功',
  'example.common-data': 'common-data（小驼峰命名）',
  'example.common-data-under': 'common-data-under（下划线命名）',
  _nodejs:
    '转换 `data` 的响应插件：`common-data`（小驼峰命名）、`common-data-under`（下划线命名），或运维人员安装的插件。统一响应结构的字段名不变。插件名不存在时拒绝请求，不消耗令牌。',
  'Envelope.success': '调用是否成功，等同于 `code === 0`。',
  'Envelope.code': '成功时为 0。',
  'Envelope.message': '成功时为空字符串。',
  'Envelope.data': '由其他插件转换的同一份数据。',
  'Envelope.error': '成功时两个字段均为 null。',
  'Envelope.cacheType': '会话数据取自哪一级存储；null 表示本次调用未读取。',
  'Envelope.cacheDate': '该数据最近一次从数据库读取的时间（ISO 8601，UTC）。',
  Failure: '统一响应结构中的错误。',
  'Failure.success': '调用是否成功，等同于 `code === 0`。',
  'Failure.code': '错误编号，不为 0，永不改变。',
  'Failure.message':
    '错误原因，一句说明：默认为英文，`Accept-Language` 或项目偏好中文时为中文。措辞可能调整，请以 `errorCode` 判断。',
  'Failure.errorCode': '错误名称，永不改变。',
  'Failure.errorText': '与 `message` 相同。',
  ProblemDetails: 'RFC 9457 格式的错误。',
  'ProblemDetails.type': '格式为 `urn:bo-auth:error:<errorCode>`。',
  'ProblemDetails.title':
    '错误原因，一句说明：默认为英文，`Accept-Language` 或项目偏好中文时为中文。措辞可能调整，请以 `errorCode` 判断。',
  'ProblemDetails.status': 'HTTP 状态码。',
  'ProblemDetails.code': '错误编号，不为 0，永不改变。',
  'ProblemDetails.errorCode': '错误名称，永不改变。',
};
