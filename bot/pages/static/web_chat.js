// Starts the chat on the page.
//
// The chat outlives a reload by its token, kept in this tab's sessionStorage: it ends with the tab,
// so on a shared machine the next person finds nothing, which a lasting cookie could not promise. By
// itself the token is worthless: it goes only with the HttpOnly cookie that this browser holds.

import { Connection } from './connection.js';
import { cardLook, look } from './look.js';

const KEPT = 'keyturn.chat';
const LOST = 'keyturn.lost';
const { WebChat } = window;
const holder = document.getElementById('window');
const status = document.getElementById('status');
const { directLine, lang, locale, texts } = JSON.parse(holder.dataset.settings);
const { nonce } = document.getElementById('styles');

function tell(kind) {
  const text = kind ? texts[`status.${kind}`] : '';
  if (status.textContent !== text) status.textContent = text;
  status.dataset.kind = kind;
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function forget() {
  sessionStorage.removeItem(KEPT);
}

function render(connection, store) {
  WebChat.renderWebChat({
    adaptiveCardsHostConfig: cardLook(),
    directLine: connection,
    locale,
    nonce,
    store,
    styleOptions: look()
  }, holder);
}

async function start() {
  const before = remembered();
  const lost = sessionStorage.getItem(LOST);
  sessionStorage.removeItem(LOST);
  const connection = new Connection({
    base: directLine,
    locale,
    session: before && { token: before.token, conversationId: before.conversationId },
    keep: session => sessionStorage.setItem(KEPT, JSON.stringify({ ...session, lang })),
    onAway: away => tell(away ? 'away' : lost ? 'new' : ''),
    onLost: () => {
      // A clean page is surer than taking a chat apart; it says why it is empty.
      forget();
      sessionStorage.setItem(LOST, '1');
      location.reload();
    }
  });
  if (before) connection.resume();
  await connection.join();

  const store = WebChat.createStore({}, () => next => action => {
    const done = next(action);
    if (action.type === 'DIRECT_LINE/CONNECT_FULFILLED') {
      // Not before: what is sent earlier goes nowhere.
      queueMicrotask(() => connected(connection, store, before && before.lang !== lang));
    }
    return done;
  });
  render(connection, store);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => render(connection, store));
}

function connected(connection, store, otherLanguage) {
  if (otherLanguage) {
    store.dispatch({ type: 'WEB_CHAT/SEND_EVENT', payload: { name: 'keyturn.language', value: lang } });
  }
  buttons(connection, store);
}

function buttons(connection, store) {
  const privacy = document.getElementById('privacy');
  const over = document.getElementById('over');
  privacy.hidden = over.hidden = false;
  privacy.addEventListener('click', () => {
    store.dispatch({ type: 'WEB_CHAT/SEND_MESSAGE', payload: { text: texts['privacy.question'] } });
  });
  over.addEventListener('click', async () => {
    if (!confirm(texts['over.again'])) return;
    forget();
    await connection.leave().catch(() => {});
    forget();
    location.reload();
  });
}

start().catch(() => tell('failed'));
