// The page's own words in another language, from the server's page in that language: no word stands twice.

const SWAPPED = ['.skip', '.top', 'title'];

export const settings = () => JSON.parse(document.getElementById('window').dataset.settings);

// The page in that language, which the server then keeps for this browser; null if it cannot be had.
export async function fetched(lang) {
  try {
    const answer = await fetch(`?lang=${encodeURIComponent(lang)}`);
    if (!answer.ok) return null;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    return page.documentElement.lang === lang ? page : null;
  } catch {
    return null;
  }
}

export function swap(page) {
  const hidden = [...document.querySelectorAll('.tools [hidden]')].map(one => one.id);
  for (const where of SWAPPED) document.querySelector(where).replaceWith(page.querySelector(where));
  for (const one of document.querySelectorAll('.tools button')) one.hidden = hidden.includes(one.id);
  document.documentElement.lang = page.documentElement.lang;
  document.getElementById('window').dataset.settings = page.getElementById('window').dataset.settings;
}
