import type { AuditReport } from '../model/audit.ts'
import type { Subject } from '../model/subject.ts'
import { escapeControls, redactSecrets } from './text.ts'
import { nameText } from './values.ts'

type Audited = Pick<AuditReport, 'platform' | 'account' | 'stack'>

/** What an audit is about: the configuration alone where the platform was not asked. */
export function auditedText({ platform, account, stack }: Audited): string {
  return platform === null || account === null
    ? `stack ${nameText(stack)}, the configuration alone`
    : subjectText({ platform, account: redactSecrets(account), stack })
}

/** `stack acme-agents, account acme, at https://api.fluxloop.ai` */
export function subjectText({ platform, account, stack }: Subject): string {
  return `stack ${nameText(stack)}, account ${nameText(account)}, at ${escapeControls(platform)}`
}
