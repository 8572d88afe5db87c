/** Phrases that several files of the layout need. */
export const APP_LABEL = 'Auto-generated service for the';
