import type { Path } from '../../../src/config/read-yaml.ts'
import { isLoopback } from '../../../src/platform/endpoint.ts'
import { type Notifier, type NotifierTarget, notifiedEvents } from './fleet.ts'
import type { RawNotifier } from './raw-fleet.ts'
import type { FleetDocument } from './read-document.ts'
import { isProgram, resolveSecret } from './resolve-secret.ts'

function webhookUrl(text: string, path: Path, document: FleetDocument): string | null {
  const refuse = (message: string, hint: string) => {
    document.report(path, { code: 'bad-value', message, hint })
    return null
  }
  if (!URL.canParse(text)) return refuse('The webhook URL is not a URL', 'Write https://HOST/PATH.')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    return refuse(
      'The webhook URL holds a user name or password',
      'Each notice is signed with `secret` instead.',
    )
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url.href
  return refuse('The webhook URL is not encrypted', 'Write https://HOST/PATH.')
}

function targetOf(raw: RawNotifier, path: Path, document: FleetDocument): NotifierTarget | null {
  const { webhook, slack, exec } = raw
  if (webhook !== undefined) {
    const url = webhookUrl(webhook.url, [...path, 'webhook', 'url'], document)
    const secret = resolveSecret(webhook.secret, [...path, 'webhook', 'secret'], document)
    return url === null || secret === null ? null : { kind: 'webhook', url, secret }
  }
  if (slack !== undefined) {
    const url = resolveSecret(slack.url, [...path, 'slack', 'url'], document)
    return url === null ? null : { kind: 'slack', url }
  }
  if (exec === undefined || !isProgram(exec, [...path, 'exec'], document)) return null
  return { kind: 'exec', line: exec }
}

export function resolveNotifiers(document: FleetDocument): readonly Notifier[] {
  const { notify = [] } = document.raw
  if (!document.isValidAt(['notify'])) return []
  return notify.flatMap((raw, index): readonly Notifier[] => {
    const path = ['notify', index]
    if (!document.isValidAt(path)) return []
    const target = targetOf(raw, path, document)
    if (target === null) return []
    const events = notifiedEvents.filter(event => raw.events?.includes(event) ?? true)
    return [{ target, events, owners: raw.owners ?? [] }]
  })
}
