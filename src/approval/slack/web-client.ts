/** Slack's own client, in a module of its own so that it is loaded with the first request and not at the start. */
export { LogLevel, WebClient } from '@slack/web-api';
