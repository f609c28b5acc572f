// Web Chat's style options, made of the page's own colours (site.css), for light and dark alike.

function colours() {
  const styles = getComputedStyle(document.documentElement);
  return name => styles.getPropertyValue(`--${name}`).trim();
}

export function look() {
  const of = colours();
  const [paper, ink, quiet, line, accent, soft, bot] =
    ['surface', 'text', 'quiet', 'line', 'accent', 'sunk', 'sunk'].map(of);
  return {
    rootHeight: '100%',
    primaryFont: of('text-font'),
    accent,
    subtle: quiet,
    backgroundColor: paper,
    paddingRegular: 12,
    emojiSet: {},

    bubbleBackground: bot,
    bubbleBorderColor: 'transparent',
    bubbleBorderRadius: 14,
    bubbleTextColor: ink,
    bubbleFromUserBackground: accent,
    bubbleFromUserBorderColor: 'transparent',
    bubbleFromUserBorderRadius: 14,
    bubbleFromUserTextColor: of('on-accent'),
    bubbleMinWidth: 120,
    bubbleMaxWidth: 560,
    bubbleMinHeight: 40,
    timestampColor: quiet,

    // A long answer is read from its beginning: the scrolling stops there, and a button leads on.
    autoScrollSnapOnPage: true,
    scrollToEndButtonBehavior: 'any',
    hideUploadButton: true,
    sendBoxBackground: paper,
    sendBoxBorderTop: `solid 1px ${line}`,
    sendBoxButtonColor: accent,
    sendBoxButtonColorOnDisabled: quiet,
    sendBoxButtonShadeColorOnActive: soft,
    sendBoxButtonShadeColorOnDisabled: paper,
    sendBoxButtonShadeColorOnHover: soft,
    sendBoxButtonShadeBorderRadius: 8,
    sendBoxButtonKeyboardFocusIndicatorBorderColor: accent,
    sendBoxButtonKeyboardFocusIndicatorBorderRadius: 8,
    sendBoxButtonKeyboardFocusIndicatorBorderWidth: 2,
    sendBoxButtonKeyboardFocusIndicatorInset: 3,
    sendBoxHeight: 56,
    sendBoxTextWrap: true,
    sendBoxTextColor: ink,
    sendBoxPlaceholderColor: quiet,
    sendBoxDisabledTextColor: quiet,

    suggestedActionLayout: 'flow',
    suggestedActionBackgroundColor: paper,
    suggestedActionBackgroundColorOnActive: soft,
    suggestedActionBackgroundColorOnDisabled: paper,
    suggestedActionBackgroundColorOnFocus: soft,
    suggestedActionBackgroundColorOnHover: soft,
    suggestedActionBorderColor: accent,
    suggestedActionBorderColorOnDisabled: line,
    suggestedActionBorderRadius: 20,
    suggestedActionBorderWidth: 1,
    suggestedActionTextColor: accent,
    suggestedActionTextColorOnDisabled: quiet,
    suggestedActionKeyboardFocusIndicatorBorderColor: accent,
    suggestedActionKeyboardFocusIndicatorBorderRadius: 18,
    suggestedActionKeyboardFocusIndicatorBorderStyle: 'solid',
    suggestedActionsVisualKeyboardIndicatorColor: accent,

    transcriptActivityVisualKeyboardIndicatorColor: accent,
    transcriptVisualKeyboardIndicatorColor: accent,
    transcriptTerminatorBackgroundColor: quiet,
    transcriptTerminatorColor: paper,
    scrollToEndButtonFontSize: 14,
    transcriptOverlayButtonBackground: ink,
    transcriptOverlayButtonBackgroundOnFocus: ink,
    transcriptOverlayButtonBackgroundOnHover: quiet,
    transcriptOverlayButtonColor: paper,
    transcriptOverlayButtonColorOnFocus: paper,
    transcriptOverlayButtonColorOnHover: paper,

    toastErrorBackgroundColor: of('warn-ground'),
    toastErrorColor: of('warn'),
    toastInfoBackgroundColor: soft,
    toastInfoColor: ink,
    toastSuccessBackgroundColor: soft,
    toastSuccessColor: ink,
    toastWarnBackgroundColor: of('warn-ground'),
    toastWarnColor: of('warn'),
    toastSeparatorColor: line,
    notificationText: quiet,
    slowConnectivity: of('warn'),
    failedConnectivity: of('warn'),

    cardEmphasisBackgroundColor: soft,
    cardPushButtonBackgroundColor: accent,
    cardPushButtonTextColor: accent,
    richCardWrapTitle: true
  };
}

// Adaptive Cards bring colours of their own; these are the page's.
export function cardLook() {
  const of = colours();
  const text = { default: of('text'), subtle: of('quiet') };
  const accent = { default: of('accent'), subtle: of('accent') };
  const warn = { default: of('warn'), subtle: of('warn') };
  const foregroundColors = { default: text, dark: text, light: text, accent, good: accent, warning: warn, attention: warn };
  return {
    fontFamily: of('text-font'),
    supportsInteractivity: true,
    actions: { actionsOrientation: 'horizontal', actionAlignment: 'stretch', buttonSpacing: 8, maxActions: 10, spacing: 'default', preExpandSingleShowCardAction: false, showCard: { actionMode: 'inline', inlineTopMargin: 8 } },
    containerStyles: {
      default: { backgroundColor: 'transparent', foregroundColors },
      emphasis: { backgroundColor: of('sunk'), foregroundColors }
    },
    fontSizes: { small: 13, default: 15, medium: 16, large: 18, extraLarge: 22 },
    spacing: { small: 4, default: 8, medium: 14, large: 20, extraLarge: 28, padding: 14 }
  };
}
