/** The language of the page and of the document that it shows, and the page's own texts. */

const KEY = 'bo-auth-language';

const TEXTS = {
  en: {
    project: 'Project',
    key: 'Key',
    cipher: 'Cipher',
    iv: 'IV',
    padding: 'Padding',
    encoding: 'Encoding',
    enterKey: (ownerId) => `Enter the key of ${ownerId} at the top of this page.`,
    enterProject: 'Enter your project and its key. The key never leaves this page.',
    computed: 'XverifyApi is computed here for each request',
    signedIn: (userName) => `Signed in as ${userName}`,
    signedOut: 'Not signed in',
    computedHere: 'computed by this page for each request',
    example: 'Example',
    system: 'As the system',
    light: 'Light',
    dark: 'Dark',
    filledIn: 'The project. Filled into every call.',
    sandbox: (ownerId) =>
      ` On this page the calls act as the operator, on the sandbox project \`${ownerId}\`.`,
  },
  zh: {
    project: '项目',
    key: '密钥',
    cipher: '算法',
    iv: '初始向量',
    padding: '填充',
    encoding: '编码',
    enterKey: (ownerId) => `请在页面顶部填写项目 ${ownerId} 的密钥。`,
    enterProject: '请填写项目及其密钥。密钥不会离开本页面。',
    computed: 'XverifyApi 由本页逐次计算',
    signedIn: (userName) => `已登录：${userName}`,
    signedOut: '未登录',
    computedHere: '由本页为每个请求计算',
    example: '示例',
    system: '跟随系统',
    light: '浅色',
    dark: '深色',
    filledIn: '项目标识，自动填入每个调用。',
    sandbox: (ownerId) => `本页以平台运维人员身份操作沙箱项目 \`${ownerId}\`。`,
  },
};

let language = localStorage.getItem(KEY) ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
if (!(language in TEXTS)) language = 'en';

/** The page's own texts in the chosen language. */
export const texts = () => TEXTS[language];

/** The OpenAPI document in the chosen language. */
export const fetchDocument = async () => (await fetch(`docs-json?lang=${language}`)).json();

/** Puts the page's texts into the elements that name one with `data-text`. */
export function writeTexts() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const element of document.querySelectorAll('[data-text]'))
    element.textContent = texts()[element.dataset.text];
}

/**
 * Prepares the language choice.
 *
 * @param {() => Promise<void>} changed called after another language was chosen
 */
export function offerLanguages(changed) {
  const choice = document.getElementById('language');
  choice.value = language;
  choice.addEventListener('change', () => {
    language = choice.value;
    localStorage.setItem(KEY, language);
    writeTexts();
    void changed();
  });
}
