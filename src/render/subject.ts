import type { Subject } from '../model/subject.ts'
import { escapeControls } from './text.ts'
import { nameText } from './values.ts'

/** `stack acme-agents, account acme, at https://api.fluxloop.ai` */
export function subjectText({ platform, account, stack }: Subject): string {
  return `stack ${nameText(stack)}, account ${nameText(account)}, at ${escapeControls(platform)}`
}
