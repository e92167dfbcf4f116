/** The Chinese texts of the tenant headers. @see documentTexts for the keys */
export const TENANCY_TEXT_ZH: Readonly<Record<string, string>> = {
  XownerId: '项目标识（`bo_project.owner_id`）。令牌只在签发它的项目内有效。',
  XverifyApi:
    '防伪造校验值，每次请求都须重新生成：用项目密钥计算 `encryptByDES(newGuid())`。默认算法为 crypto-js DES、ECB、PKCS#7、Base64，以项目的校验配置为准。GUID 之后可附加分隔符和时间戳。',
  XsysId: '将本次调用限定在项目的某个系统，如 `crm`。空值视为未提供。',
  XuserFromFirstShareId: '一级分享用户（`bo_user.user_id`），如 `bob`，会记录到会话中。',
  XuserFromSecondShareId: '二级分享用户（`bo_user.user_id`），如 `alice`，会记录到会话中。',
  XfilterAreaCode:
    '将本次调用限定在某个行政区划（GB/T 2260 代码），如 `310101`。只能缩小、不能扩大用户的可见范围。',
};
