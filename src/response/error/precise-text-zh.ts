/**
 * The Chinese of the texts that are more precise than the catalogue's, by their English text. `{}` stands for what
 * varies, in the same order in both.
 */
const TEXTS: Readonly<Record<string, string>> = {
  // The body
  'The body is not UTF-8.': '请求体不是 UTF-8 编码。',
  'The body must be sent without Content-Encoding: compressed bodies are not supported.':
    '请求体不得使用 Content-Encoding：不支持压缩的请求体。',
  'The body must be UTF-8: no other charset is supported.': '请求体必须是 UTF-8 编码，不支持其他字符集。',
  'The body must be an object.': '请求体必须是对象。',

  // Rules of fields
  'is not valid': '无效',
  'is not a field of this call': '不是此接口的字段',
  'is not a parameter of this call': '不是此接口的参数',
  'must be {} to {} characters without control characters': '必须为 {} 至 {} 个字符，且不含控制字符',
  'must be {} to {} characters': '必须为 {} 至 {} 个字符',
  'must be {} to {} of the characters {}': '必须由 {} 至 {} 个下列字符组成：{}',
  'must be {} to {} visible ASCII characters without a comma':
    '必须为 {} 至 {} 个可见 ASCII 字符，且不含逗号',
  'must be {} to {} visible ASCII characters': '必须为 {} 至 {} 个可见 ASCII 字符',
  'must be {} to {} visible ASCII characters without quotation marks and backslashes':
    '必须为 {} 至 {} 个可见 ASCII 字符，且不含引号和反斜杠',
  'grants must not contain client_credentials for a public client':
    'grants 不得包含 client_credentials：公开客户端不能代表自身',
  'client_secret must not be given besides the Authorization header':
    'client_secret 不得与 Authorization 请求头同时提供',
  'must not be given besides the Authorization header': '不得与 Authorization 请求头同时提供',
  'must name a confidential client': '必须指定一个机密客户端',
  'must not contain client_credentials for a public client': '公开客户端不得包含 client_credentials',
  'must be {} lower-case hexadecimal digits': '必须为 {} 个小写十六进制数字',
  'must be {} hexadecimal digits': '必须为 {} 个十六进制数字',
  'must be a whole number from {} to {}': '必须为 {} 至 {} 的整数',
  'must be a list of at most {}': '必须为列表，最多 {} 项',
  'must be a list': '必须为列表',
  'must be an object': '必须为对象',
  'must be without a comma': '不得包含逗号',
  'must be one of {}': '必须为下列之一：{}',
  'must be true or false': '必须为 true 或 false',
  'must be true': '必须为 true',
  'must be {} or {}': '必须为 {} 或 {}',
  'must be given once': '必须且只能提供一次',
  'must be given exactly once, as {} to {} characters': '必须且只能提供一次，为 {} 至 {} 个字符',
  'must be an IP address': '必须为 IP 地址',
  'must name a project': '必须指定一个项目',
  'must be ISO 8601 with an offset, or milliseconds since the epoch':
    '必须为带时区偏移的 ISO 8601 时间，或 Unix 毫秒时间戳',
  'must be the nextCursor of an answer to the same call': '必须为同一接口上一页返回的 nextCursor',
  'must hold at least one field': '必须至少包含一个字段',
  'must hold at least one item': '必须至少包含一项',
  'must hold at most {} items': '最多包含 {} 项',
  'must have either refreshToken or refreshTokenSha256': '必须提供 refreshToken 或 refreshTokenSha256 之一',
  'must have either userId or userName': '必须提供 userId 或 userName 之一',
  'must be an argon2id hash as a PHC string ($argon2id$v=19$m=…,t=…,p=…$salt$hash)':
    '必须为 PHC 格式的 argon2id 散列（$argon2id$v=19$m=…,t=…,p=…$salt$hash）',
  'costs too much: m may be up to {}, p up to {}, and m times t up to {}':
    '计算开销过大：m 最大为 {}，p 最大为 {}，m 与 t 的乘积最大为 {}',
  'looks like a password hash: a hash belongs in passwordHash when the user is added, with its passwordFormat':
    '看起来是密码散列：散列应在添加用户时放入 passwordHash，并用 passwordFormat 说明其格式',
  'must be a bcrypt hash: $2a$, $2b$ or $2y$, the cost from 04 to 15, $, and 53 characters':
    '必须为 bcrypt 散列：$2a$、$2b$ 或 $2y$，04 至 15 的成本因子，$，再加 53 个字符',
  'must be PBKDF2 as a PHC string ($pbkdf2-sha256$i=…,l=…$salt$hash), or the Base64 of ASP.NET Identity version 3':
    '必须为 PHC 格式的 PBKDF2 散列（$pbkdf2-sha256$i=…,l=…$salt$hash），或 ASP.NET Identity 第 3 版的 Base64',
  'must have a hash as long as l= says, or as its digest if there is no l=':
    '散列长度必须与 l= 一致；没有 l= 时必须与摘要长度一致',
  'must have a hash of at least {} bytes': '散列至少为 {} 字节',
  'costs too much: the iterations times the digests of the hash may be up to {}':
    '计算开销过大：迭代次数乘以散列所含摘要数最大为 {}',
  'must be the result in hexadecimal ({} characters) or in Base64 ({} characters)':
    '必须为结果的十六进制（{} 个字符）或 Base64（{} 个字符）',
  'must be hexadecimal, {} characters for this userName': '必须为十六进制，对应此 userName 为 {} 个字符',
  'must be the {} characters of the salt': '必须为 {} 个字符的盐值',
  'is needed by this format': '此格式需要该字段',
  'is not used by this format': '此格式不使用该字段',
  'needs a passwordHash': '必须与 passwordHash 一起提供',
  'must be {} or a digest expression such as md5(password+salt)':
    '必须为 {} 或摘要表达式，例如 md5(password+salt)',
  'is not a digest expression: {} is expected at character {}': '不是摘要表达式：缺少{}，位置为第 {} 个字符',
  'is not a digest expression: the word before character {} is neither a digest ({}) nor a term ({})':
    '不是摘要表达式：第 {} 个字符之前的单词既不是摘要（{}），也不是项（{}）',
  'does not use the password': '未使用 password',
  'costs more than {} digests': '计算超过 {} 次摘要',
  'nests digests deeper than {}': '摘要嵌套超过 {} 层',
  'repeats a digest less than once': '摘要次数少于一次',
  'can be guessed: length × log2(alphabet) must be at least {}, with at least {} different characters':
    '容易被猜到：长度 × log2(字符集大小) 至少为 {}，且至少包含 {} 个不同字符',

  // Passwords that users choose
  'The new password must have at least {} characters.': '新密码至少需要 {} 个字符。',
  'The new password must have at least {} of these: lower-case letters, upper-case letters, digits, other characters.':
    '新密码至少需要包含下列字符中的 {} 类：小写字母、大写字母、数字、其他字符。',
  'The new password is one of the most common passwords.': '新密码属于最常见的密码，容易被猜到。',
  'The new password must not contain the name of the user.': '新密码不得包含用户本人的名称。',
  'The new password must differ from the present one.': '新密码不得与当前密码相同。',
  'The new password must differ from the last {} passwords.': '新密码不得与最近 {} 个密码相同。',

  // Rules of several fields
  'must not begin with {}': '不得以 {} 开头',
  'idleSeconds must not be more than absoluteSeconds': 'idleSeconds 不得大于 absoluteSeconds',
  'accessTokenSeconds must not be more than absoluteSeconds': 'accessTokenSeconds 不得大于 absoluteSeconds',
  'must not be more than absoluteSeconds': '不得大于 absoluteSeconds',
  'The fields of the user take {} bytes of an access token, at most {} are possible; the largest: {}.':
    '该用户的字段在访问令牌中占 {} 字节，最多允许 {} 字节；最大的字段：{}。',
  'project and the XownerId header name two projects.': 'project 与 XownerId 请求头指定了不同的项目。',

  // XverifyApi
  'The {} is empty.': '{} 为空。',
  'The {} is not well-formed Unicode.': '{} 不是有效的 Unicode。',
  'The {} is neither hex after hex: nor Base64 after base64:.':
    '{} 在 hex: 之后不是十六进制，或在 base64: 之后不是 Base64。',
  'The {} has {} bytes, not {}.': '{} 为 {} 字节，应为 {} 字节。',
  'The {} has fewer than {} bytes, too few for {}.': '{} 少于 {} 字节，不足以用于 {}。',
  'The {} is one of the weak or semi-weak keys of DES.': '{} 是 DES 的弱密钥或半弱密钥。',
  'The cipher {} takes no initialisation vector.': '算法 {} 不使用初始向量。',
  'The cipher {} needs an initialisation vector.': '算法 {} 需要初始向量。',
  'The time zone is not a name of the IANA time zone database.': '时区不是 IANA 时区数据库中的名称。',
  'The verification {} is not one of {}.': 'XverifyApi 的 {} 不在下列范围内：{}。',
  'The clock skew is not a whole number of seconds from {} to {}.': '时钟偏差必须为 {} 至 {} 的整数秒。',

  // The second factor
  'The project does not use a second factor.': '本项目未启用双因素认证。',
  'The user already has a second factor.': '该用户已绑定双因素认证。',
  'No enrolment has begun. Begin one first.': '尚未开始绑定，请先发起绑定。',
  'The second factor can be removed only where the project makes it optional.':
    '只有将双因素认证设为可选的项目才能解除绑定。',
  'The user has no second factor.': '该用户未绑定双因素认证。',

  // Administration
  'A user of the project has this id.': '该项目中已有用户使用此标识。',
  'A confidential client of the project has this id.': '该项目中已有机密客户端使用此标识。',
  'This takes the operator of the platform.': '此操作需要平台运维人员权限。',
  'The user has no such session.': '该用户没有此会话。',
  'The project has {} keys that are not retired. Retire one first.':
    '该项目已有 {} 个未停用的密钥，请先停用一个。',
  'The key is already signing.': '该密钥已在签名。',
  'The key is retired. Publish another one.': '该密钥已停用，请发布新的密钥。',
  'The key is not signing.': '该密钥未在签名。',
  'The key is already retired.': '该密钥已停用。',
  'The key is signing. Promote another key or demote this one first.':
    '该密钥正在签名，请先启用其他密钥或停止使用此密钥签名。',
  'Not before {}: until then a verifier may still have a key set without the key.':
    '最早时间为 {}：在此之前，验证方的密钥集中可能还没有该密钥。',
  'Not before {}: until then tokens that it signed may be valid.':
    '最早时间为 {}：在此之前，由该密钥签名的令牌可能仍然有效。',
};

/** What the English texts call these; in a sentence of their own, `{}` may stand for one. */
const NAMES: Readonly<Record<string, string>> = {
  'verification key': 'XverifyApi 密钥',
  'initialisation vector': '初始向量',
  'a digest': '摘要名',
  'a term': '项',
  'a number': '数字',
  '+ or )': ' + 或 )',
  'the end': '结尾',
};

/** The longest first: `must be {} or {}` also fits longer rules. */
const PATTERNS = Object.entries(TEXTS)
  .toSorted(([a], [b]) => b.length - a.length)
  .map(([english, chinese]) => {
    const pattern = escaped(english).replaceAll('\\{\\}', '(.+?)');
    return [new RegExp(`^${pattern}$`, 's'), chinese] as const;
  });

/** @returns `null` if the text has no translation */
export function preciseTextZh(text: string, field: string | undefined): string | null {
  const prefix = field !== undefined && text.startsWith(`${field} `) ? `${field} ` : '';
  // Several problems are one sentence each.
  const parts = text
    .slice(prefix.length)
    .split(/(?<=\.) (?=The )/)
    .map(translated);
  return parts.includes(null) ? null : prefix + parts.join('');
}

function translated(text: string): string | null {
  for (const [pattern, chinese] of PATTERNS) {
    const values = pattern.exec(text)?.slice(1);
    if (values !== undefined)
      return chinese.replaceAll('{}', () => {
        const value = values.shift() ?? '';
        return NAMES[value] ?? value;
      });
  }
  return null;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
