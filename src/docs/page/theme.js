/** Light or dark, as the system says or as chosen here. Swagger UI brings its dark colours with the class `dark-mode`. */

const KEY = 'bo-auth-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

/** Prepares the choice, and applies the remembered one. */
export function offerThemes() {
  const choice = document.getElementById('theme');
  choice.value = localStorage.getItem(KEY) ?? 'system';
  const apply = () => {
    const isDark = choice.value === 'dark' || (choice.value === 'system' && system.matches);
    document.documentElement.classList.toggle('dark-mode', isDark);
  };
  choice.addEventListener('change', () => {
    if (choice.value === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice.value);
    apply();
  });
  system.addEventListener('change', apply);
  apply();
}
