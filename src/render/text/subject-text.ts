import type { AuditReport } from '../../model/audit.ts'
import type { Subject } from '../../model/subject.ts'
import type { Palette } from './palette.ts'
import { escapeControls, redactSecrets } from './escape.ts'
import { nameText } from './values.ts'

const kinds: Readonly<Record<string, 'PRODUCTION' | 'staging'>> = {
  'https://api.fluxloop.ai': 'PRODUCTION',
  'https://staging.api.fluxloop.ai': 'staging',
}

const thisMachine = /^https?:\/\/(localhost|\[::1\]|127(\.\d{1,3}){3})(:\d+)?$/

/** What kind of platform an origin is, in a word that a glance tells from the others. */
function platformKind(platform: string): 'PRODUCTION' | 'staging' | 'sandbox' | 'this machine' | 'other' {
  if (platform.startsWith('sandbox:')) return 'sandbox'
  return kinds[platform] ?? (thisMachine.test(platform) ? 'this machine' : 'other')
}

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

/** The same with what the platform is, production in red: `PRODUCTION (https://api.fluxloop.ai), account acme, stack acme-agents`. */
export function targetText({ platform, account, stack }: Subject, { bold, red, cyan }: Palette): string {
  const kind = platformKind(platform)
  const where = escapeControls(platform)
  const shown =
    kind === 'other'
      ? bold(where)
      : kind === 'PRODUCTION'
        ? `${bold(red(kind))} (${where})`
        : `${bold(cyan(kind))} (${where})`
  return `${shown}, account ${nameText(account)}, stack ${nameText(stack)}`
}
