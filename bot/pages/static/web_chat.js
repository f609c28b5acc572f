// Starts the chat on the page.
//
// The chat outlives a reload by its token, kept in this tab's sessionStorage: it ends with the tab,
// so on a shared machine the next person finds nothing, which a lasting cookie could not promise. By
// itself the token is worthless: it goes only with the HttpOnly cookie that this browser holds.

import { cards, messages } from './cards.js';
import { Connection } from './connection.js';
import { cardLook, look } from './look.js';
import { fetched, settings, swap } from './words.js';

const KEPT = 'keyturn.chat';
const LOST = 'keyturn.lost';
const { WebChat } = window;
const holder = document.getElementById('window');
const status = document.getElementById('status');
const { nonce } = document.getElementById('styles');
const BOX = '[data-id="webchat-sendbox-input"]';

let words = settings();
const texts = () => words.texts;

function tell(kind) {
  const text = kind ? texts()[`status.${kind}`] : '';
  if (status.textContent !== text) status.textContent = text;
  status.dataset.kind = kind;
}

// Where cookies are blocked, so is this: then a chat lasts as long as its page.
function storage() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
const kept = storage();

function remembered() {
  try {
    return JSON.parse(kept.getItem(KEPT));
  } catch {
    return null;
  }
}

function remember(session) {
  kept?.setItem(KEPT, JSON.stringify({ ...session, lang: words.lang }));
}

function forget() {
  kept?.removeItem(KEPT);
}

const middleware = {
  activityMiddleware: messages(() => words.lang, texts),
  attachmentMiddleware: cards(texts)
};

function render(connection, store) {
  WebChat.renderWebChat({
    ...middleware,
    adaptiveCardsHostConfig: cardLook(),
    directLine: connection,
    locale: words.locale,
    nonce,
    overrideLocalizedStrings: { TEXT_INPUT_ALT: texts()['box'], TRANSCRIPT_MORE_MESSAGES: texts()['below'] },
    role: 'region',
    store,
    styleOptions: look()
  }, holder);
}

// The page's own words follow the conversation's language. The chat and a draft stay as they are.
class Languages {
  // The language the person asked for, until the bot has answered in it.
  #awaited;

  constructor(connection, store, awaited) {
    Object.assign(this, { connection, store });
    this.#awaited = awaited;
  }

  heard({ from, locale, type }) {
    const lang = type === 'message' && from.role === 'bot' && locale ? locale.split('-')[0] : '';
    if (!lang || (this.#awaited && lang !== this.#awaited)) return;
    this.#awaited = '';
    clearTimeout(this.#soon);
    // What is shown again after a reload comes all at once: only its end counts.
    this.#soon = setTimeout(() => this.#show(lang), 50);
  }

  #soon = 0;

  async choose(link) {
    this.#awaited = link.lang;
    if (!await this.#show(link.lang)) {
      location.assign(link.href);
      return;
    }
    ask(this.store, words.lang);
  }

  async #show(lang) {
    if (lang === words.lang) return true;
    const page = await fetched(lang);
    if (!page) return false;
    swap(page);
    words = settings();
    remember(this.connection.session);
    render(this.connection, this.store);
    return true;
  }
}

function ask(store, lang) {
  store.dispatch({ type: 'WEB_CHAT/SEND_EVENT', payload: { name: 'keyturn.language', value: lang } });
}

async function start() {
  const before = remembered();
  const lost = kept?.getItem(LOST);
  kept?.removeItem(LOST);
  // A secure page belongs to the browser that holds the chat, which is known by its cookie (P3).
  const here = lost ? 'new' : kept && navigator.cookieEnabled ? '' : 'cookies';
  const connection = new Connection({
    base: words.directLine,
    locale: words.locale,
    session: before && { token: before.token, conversationId: before.conversationId },
    keep: remember,
    onAway: away => tell(away ? 'away' : here),
    onLost: () => {
      // A clean page is surer than taking a chat apart; it says why it is empty.
      forget();
      kept?.setItem(LOST, '1');
      location.reload();
    }
  });
  if (before) connection.resume();
  const otherLanguage = before && before.lang !== words.lang ? words.lang : '';
  await connection.join();

  let languages;
  const store = WebChat.createStore({}, () => next => action => {
    const done = next(newest(connection, action));
    if (action.type === 'DIRECT_LINE/CONNECT_FULFILLED') {
      // Not before: what is sent earlier goes nowhere.
      queueMicrotask(() => connected(connection, store, languages, otherLanguage));
    } else if (action.type === 'DIRECT_LINE/INCOMING_ACTIVITY') {
      languages.heard(action.payload.activity);
      if (action.payload.activity.from.role === 'user') document.body.classList.add('begun');
    }
    return done;
  });
  languages = new Languages(connection, store, otherLanguage);
  render(connection, store);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => render(connection, store));
}

// Web Chat, once it knows that a message was sent, shows the message as it was sent. What the server
// has taken out of it meanwhile must not come back (D4).
function newest(connection, action) {
  if (action.type !== 'DIRECT_LINE/POST_ACTIVITY_FULFILLED') return action;
  const { activity } = action.payload;
  const { text } = connection.changed(activity.id) ?? activity;
  return { ...action, payload: { ...action.payload, activity: { ...activity, text } } };
}

function connected(connection, store, languages, otherLanguage) {
  if (otherLanguage) ask(store, otherLanguage);
  for (const id of ['privacy', 'over']) document.getElementById(id).hidden = false;
  document.addEventListener('click', event => pressed(event, connection, store, languages));
  // On a telephone this would bring up the keyboard, over what there is to read.
  if (!matchMedia('(pointer: coarse)').matches) holder.querySelector(BOX)?.focus();
}

// One listener for all, since a change of language makes the header anew.
function pressed(event, connection, store, languages) {
  const { target } = event;
  const link = target.closest('.languages a');
  if (target.closest('.skip')) {
    event.preventDefault();
    holder.querySelector(BOX).focus();
  } else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    languages.choose(link);
  } else if (target.closest('#privacy')) {
    store.dispatch({ type: 'WEB_CHAT/SEND_MESSAGE', payload: { text: texts()['privacy.question'] } });
  } else if (target.closest('#over')) {
    startOver(connection);
  }
}

async function startOver(connection) {
  if (!confirm(texts()['over.again'])) return;
  forget();
  await connection.leave().catch(() => {});
  forget();
  location.reload();
}

start().catch(() => tell('failed'));
