import type { Change } from '../../model/change.ts'
import type { Instant } from '../../model/duration.ts'
import type { PlanJson } from '../plan/plan-json.ts'
import { type FailureJson, failureToJson } from '../text/failure-json.ts'
import { safeJson } from '../text/json.ts'
import { isoTime } from '../text/time.ts'
import type { OutcomeJson, ReportJson } from './report-json.ts'

interface Line {
  /** Its first number grows when an event or a property is renamed or removed; both may be added at any time. */
  readonly format_version: '1.0'
  /** When, by this machine's clock, ISO 8601 in UTC. */
  readonly at: string
}

/** The change that an event is about; `id`: of the live key, null where none was made yet. */
export interface About {
  readonly action: Change['kind']
  readonly key: string
  readonly id: string | null
}

/** What `apply --json-lines` prints, a line each. Described in `schemas/events.schema.json`. No secret is in it. */
export type EventJson = Line &
  (
    | { readonly event: 'version'; readonly fluxloop_keys: string; readonly command: 'apply' | 'rotate' }
    | { readonly event: 'planned'; readonly plan: PlanJson }
    | ({ readonly event: 'start'; readonly step: string } & About)
    | ({
        readonly event: 'progress'
        readonly step: string
        /** Only where the run waits for requests: when it goes on. */
        readonly until: string | null
        readonly finished: number
        readonly failed: number
        readonly total: number
      } & (About | { readonly action: null; readonly key: null; readonly id: null }))
    | { readonly event: 'outcome'; readonly outcome: OutcomeJson }
    | {
        readonly event: 'summary'
        readonly exit_code: number
        /** What ended the run before it could report; null where nothing did. */
        readonly error: FailureJson['error'] | null
        readonly complete: boolean
        readonly interrupted: boolean
        /** Null where the run could not report. */
        readonly summary: ReportJson['summary'] | null
      }
  )

export type ApplyCommand = 'apply' | 'rotate'

export function lineAt(at: Instant): Line {
  return { format_version: '1.0', at: isoTime(at) }
}

export function versionEvent(version: string, command: ApplyCommand, at: Instant): EventJson {
  return { ...lineAt(at), event: 'version', fluxloop_keys: version, command }
}

/** The last line of a run that something ended. */
export function failedEvent(cause: unknown, exitCode: number, at: Instant): EventJson {
  const { error } = failureToJson(cause, exitCode)
  return {
    ...lineAt(at),
    event: 'summary',
    exit_code: exitCode,
    error,
    complete: false,
    interrupted: error.code === 'interrupted',
    summary: null,
  }
}

/** One line without its line feed, safe in a terminal and in the log of a CI job. */
export function eventText(event: EventJson): string {
  return safeJson(JSON.stringify(event))
}

/** Do these words ask for events? Whatever stands after `--` belongs to another program. */
export function asksForEvents(own: readonly string[]): ApplyCommand | null {
  const [command] = own
  if (command !== 'apply' && command !== 'rotate') return null
  return own.includes('--json-lines') || own.includes('--json-lines=true') ? command : null
}
