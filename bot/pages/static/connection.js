// A connection to Direct Line for Web Chat, in the shape Web Chat asks of one (activity$,
// connectionStatus$, postActivity, end). The stock one waits 3-20 s before it looks for a server
// that was restarted, says nothing meanwhile, and loses what is sent in between. This one looks at
// once, tells, and sends again under the same id, which the server hears once.

const CONNECTING = 1;
const ONLINE = 2;
const FIRST_WAIT = 300;
const LONGEST_WAIT = 5000;
const KEEP_ALIVE = 20000;
const REFRESH = 10 * 60000;   // twice in a token's half hour: one that fails costs nobody their chat
const CALL_TIMEOUT = 20000;
const GIVE_UP_SENDING = 60000;

class Refused extends Error {
  constructor(status, retryAfter) {
    super(`Direct Line answered ${status}`);
    this.status = status;
    this.wait = 1000 * Math.min(retryAfter, 30) || 0;
  }

  // 403: the token is spent. 404: the conversation has ended. Neither comes back.
  get final() { return this.status === 403 || this.status === 404; }
}

// Hands on what comes, and to late listeners what came before: Web Chat listens twice, at its own time.
class Stream {
  #listeners = new Set();
  #kept = [];
  #most;

  constructor(most, onFirst) {
    this.#most = most;
    this.onFirst = onFirst;
  }

  subscribe(observer) {
    const next = typeof observer === 'function' ? observer : (value => observer.next?.(value));
    this.#kept.forEach(next);
    this.#listeners.add(next);
    this.onFirst?.();
    this.onFirst = undefined;
    return { unsubscribe: () => this.#listeners.delete(next) };
  }

  // With `same` given, what it finds is replaced: late listeners hear only the newer one.
  next(value, same = () => false) {
    const old = this.#kept.findIndex(same);
    if (old < 0) this.#kept.push(value);
    else this.#kept[old] = value;
    if (this.#kept.length > this.#most) this.#kept.shift();
    this.#listeners.forEach(listener => listener(value));
  }
}

export class Connection {
  // `session` is {token, conversationId} of a chat to go on with, or null. `keep(session)` is told
  // of every new token; `onLost()` that the chat is gone; `onAway(bool)` that the server is.
  constructor({ base, locale, session, keep, onLost, onAway }) {
    Object.assign(this, { base, locale, keep, onLost, onAway });
    this.session = session;
    this.watermark = '';
    this.activity$ = new Stream(2000, () => this.#run());
    this.connectionStatus$ = new Stream(1);
    this.connectionStatus$.next(0);
    this.#poke = () => this.#wake?.();
    addEventListener('online', () => { this.#socket?.close(); this.#poke(); });
    addEventListener('visibilitychange', this.#poke);
  }

  #ended = false;
  #socket = null;
  #streamUrl = '';
  #wake = null;
  #poke;

  get token() { return this.session?.token; }

  // Be in a conversation: the one of before, or a new one. Settles only when that is so.
  async join() {
    await this.#untilDone(async () => {
      if (!this.session) this.#keep(await this.#call('POST', '/tokens/generate'));
      const joined = this.#joined
        ? await this.#call('GET', `${this.#path}?watermark=${this.watermark}`)
        : await this.#call('POST', '/conversations', { locale: this.locale });
      this.#joined = true;
      this.#keep(joined);
      this.#streamUrl = joined.streamUrl;
    });
  }

  // A chat that was begun on an earlier page is gone on with, not begun.
  resume() { this.#joined = true; }

  #joined = false;

  postActivity(activity) {
    const sent = this.#post(activity);
    return {
      subscribe: observer => {
        sent.then(id => { observer.next?.(id); observer.complete?.(); }, error => observer.error?.(error));
        return { unsubscribe() {} };
      }
    };
  }

  end() {
    this.#ended = true;
    this.#socket?.close();
    this.#poke();
  }

  // Tell the server to forget the conversation.
  async leave() {
    this.end();
    await this.#call('POST', `${this.#path}/activities`, { type: 'endOfConversation' }, 3000);
  }

  get #path() { return `/conversations/${this.session.conversationId}`; }

  #keep({ token, conversationId }) {
    this.session = { token, conversationId };
    this.keep(this.session);
  }

  async #run() {
    const refreshing = setInterval(() => this.#refresh(), REFRESH);
    let wait = FIRST_WAIT;
    // The page tells how the connection is. Web Chat would take nothing to send while it is away.
    this.connectionStatus$.next(CONNECTING);
    this.connectionStatus$.next(ONLINE);
    while (!this.#ended) {
      if (this.#streamUrl) {
        const began = Date.now();
        await this.#listen();
        if (Date.now() - began > LONGEST_WAIT) wait = FIRST_WAIT;
      }
      if (this.#ended) break;
      this.onAway(true);
      await this.#pause(wait);
      wait = Math.min(LONGEST_WAIT, wait * 1.6);
      try {
        await this.join();
      } catch {
        break;
      }
    }
    clearInterval(refreshing);
  }

  #listen() {
    return new Promise(closed => {
      const socket = new WebSocket(this.#streamUrl);
      const beating = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send(''), KEEP_ALIVE);
      this.#socket = socket;
      this.#streamUrl = '';
      socket.onopen = () => this.onAway(false);
      socket.onmessage = ({ data }) => data && this.#take(JSON.parse(data));
      socket.onclose = () => { clearInterval(beating); closed(); };
    });
  }

  #take({ activities, watermark }) {
    this.watermark = watermark || this.watermark;
    for (const activity of activities) {
      if (activity.id && this.#seen.has(activity.id)) this.#changed.set(activity.id, activity);
      this.#seen.add(activity.id);
      this.activity$.next(activity, one => activity.id && one.id === activity.id);
    }
  }

  #seen = new Set();
  #changed = new Map();

  // An activity as the server has changed it since it was first sent; undefined if it has not.
  changed(id) { return this.#changed.get(id); }

  async #post(activity) {
    let id;
    await this.#untilDone(async () => {
      ({ id } = await this.#call('POST', `${this.#path}/activities`, activity));
    }, GIVE_UP_SENDING);
    return id;
  }

  async #refresh() {
    try {
      this.#keep({ ...this.session, ...await this.#call('POST', '/tokens/refresh') });
    } catch (error) {
      if (error.final) this.#lose();
    }
  }

  #lose() {
    if (this.#ended) return;
    this.end();
    this.onLost();
  }

  // Try until it works, unless it never can. What is refused for good ends the chat.
  async #untilDone(attempt, patience = Infinity) {
    const began = Date.now();
    let away = false;
    for (let wait = FIRST_WAIT; ; wait = Math.min(LONGEST_WAIT, wait * 1.6)) {
      try {
        const done = await attempt();
        if (away && this.#socket?.readyState === WebSocket.OPEN) this.onAway(false);
        return done;
      } catch (error) {
        if (error.final) this.#lose();
        const passing = !error.status || error.status >= 500 || error.status === 429 || error.status === 408;
        if (this.#ended || !passing || Date.now() - began > patience) throw error;
        // Who is only told to be slower (429) has not lost anything, and need not hear of it.
        if (error.status !== 429) this.onAway(away = true);
        await this.#pause(Math.max(wait, error.wait || 0));
      }
    }
  }

  #pause(milliseconds) {
    return new Promise(done => {
      this.#wake = done;
      setTimeout(done, milliseconds * (0.75 + Math.random() / 2));
    });
  }

  async #call(method, path, body, timeout = CALL_TIMEOUT) {
    const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    if (body) headers['Content-Type'] = 'application/json';
    const answer = await fetch(this.base + path, {
      method, headers, body: body && JSON.stringify(body), cache: 'no-store', keepalive: timeout < CALL_TIMEOUT,
      signal: AbortSignal.timeout(timeout)
    });
    if (!answer.ok) throw new Refused(answer.status, Number(answer.headers.get('Retry-After')));
    return answer.json();
  }
}
