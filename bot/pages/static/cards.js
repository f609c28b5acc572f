// Draws the bot's hero cards, so that buttons belong to their answer, tell what matters most, and die
// when what they belong to is over. Everywhere else (Teams, other clients) they stay plain hero cards.
//
// What became of a button is read from the conversation alone, so that a reload shows the same.

const { hooks } = window.WebChat;
const HERO = 'application/vnd.microsoft.card.hero';
const DRAWN = new Set(['messageBack', 'openUrl']);

// These belong to one moment of a conversation; the others ask for something that can be asked any time.
const MOMENTARY = new Set(['cancel', 'resend', 'recovery', 'new_link', 'helped', 'help_skip', 'help_send', 'help_urgent',
  'help_new', 'freeze', 'forget']);
// One press of these is the end of it.
const FINAL = new Set(['cancel', 'helped']);

// Web Chat keeps its React to itself. An element is a plain object, so one is made after another.
export const element = (like, type, props, key = null) => ({ ...like, type, key, ref: null, props });

const wish = button => button.value?.keyturn?.do ?? '';
const isLink = button => button.type === 'openUrl';
// The page of a request: it is spent once the request has ended, however it ended.
const isPage = button => isLink(button) && new URL(button.value, location.href).pathname.startsWith('/secure/');
const ends = activity => activity.from.role === 'bot' && activity.channelData?.keyturn?.over === true;
const isCard = attachment =>
  attachment.contentType === HERO && attachment.content?.buttons?.every(one => DRAWN.has(one.type));
const buttonsOf = activity => (activity.attachments ?? []).filter(isCard).flatMap(one => one.content.buttons);

// What happened after a message: the button of `buttons` that was pressed, and what made them old.
function story(activity, buttons, activities) {
  const after = activities.slice(activities.findIndex(one => one.id === activity.id) + 1);
  const newer = after.filter(one => one.from.role === 'bot' && buttonsOf(one).length);
  const until = newer.length ? after.indexOf(newer[0]) : after.length;
  const press = after.slice(0, until).find(one =>
    one.channelData?.messageBack && buttons.some(button => button.title === one.text));
  const chosen = press && buttons.find(button => button.title === press.text);
  return {
    chosen,
    over: newer.length > 0 || FINAL.has(chosen && wish(chosen)),
    otherLink: newer.some(one => buttonsOf(one).some(isLink)),
    ended: after.some(ends)
  };
}

function kind(button, question) {
  if (question) return 'small';
  if (isLink(button) || wish(button) === 'start') return 'primary';
  return wish(button) === 'admin' ? 'quiet' : 'plain';
}

function Card({ activity, content, like, texts }) {
  const [activities] = hooks.useActivities();
  const send = hooks.useSendMessageBack();
  const focus = hooks.useFocus();
  const { buttons, text } = content;
  const { chosen, over, otherLink, ended } = story(activity, buttons, activities);
  // Where there is a keyboard on the screen, it would cover the answer.
  const leave = () => focus(matchMedia('(pointer: coarse)').matches ? 'sendBoxWithoutKeyboard' : 'sendBox');

  const drawn = buttons.map((button, index) => {
    const className = `press press-${kind(button, text)}`;
    if (isLink(button) && !otherLink && !(ended && isPage(button))) {
      const hint = element(like, 'span', { className: 'visually-hidden', children: ` (${texts['new_tab']})` }, 'hint');
      return element(like, 'a', {
        className, href: button.value, target: '_blank', rel: 'noopener noreferrer', onClick: leave,
        children: [button.title, hint]
      }, index);
    }
    const dead = isLink(button) || (over && MOMENTARY.has(wish(button)));
    return element(like, 'button', {
      className, type: 'button', disabled: dead, 'aria-pressed': button === chosen || undefined,
      onClick: ({ detail }) => {
        if (detail > 1) return;     // A double click is one wish.
        send(button.value, button.text, button.displayText);
        leave();
      },
      children: button.title
    }, index);
  });
  const question = text && element(like, 'p', { children: text }, 'question');
  return element(like, 'div', {
    className: text ? 'presses presses-asked' : 'presses', role: 'group', 'aria-label': text || undefined,
    children: [question, ...drawn]
  });
}

// `texts` is asked at every drawing, since the language may change.
export const cards = texts => () => next => args => {
  const stock = next(args);
  if (!stock || !isCard(args.attachment)) return stock;
  return element(stock, Card, {
    activity: args.activity, content: args.attachment.content, like: stock, texts: texts()
  });
};

// Around each message: its language, for voices to switch, and how to get out of it by keyboard.
export const messages = (lang, texts) => () => next => args => {
  const draw = next(args);
  if (!draw) return draw;
  return (...more) => {
    const drawn = draw(...more);
    if (!drawn?.type) return drawn;
    const spoken = (args.activity.locale ?? '').split('-')[0];
    return element(drawn, 'div', {
      className: 'message', 'data-leave': texts()['leave'],
      lang: spoken && spoken !== lang() && args.activity.from.role === 'bot' ? spoken : undefined,
      children: drawn
    });
  };
};
