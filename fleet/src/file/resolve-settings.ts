import {
  type Milliseconds,
  day,
  hour,
  minute,
  parseDuration,
  parseWait,
} from '../../../src/model/duration.ts'
import type { Path } from '../../../src/config/read-yaml.ts'
import type { ChangeWindow, StackMode, StackPriority } from './fleet.ts'
import type { RawSettings } from './raw-fleet.ts'
import type { FleetDocument } from './read-document.ts'
import { resolveWindows } from './resolve-windows.ts'

/** How a stack runs, wherever its configuration is. */
export interface Settings {
  /** Null: the only one. */
  readonly account: { readonly name: string; readonly path: Path } | null
  readonly mode: StackMode
  readonly interval: Milliseconds
  readonly jitter: Jitter
  readonly windows: readonly ChangeWindow[]
  readonly priority: StackPriority
  readonly owner: string | null
  readonly programs: readonly string[]
  readonly variables: readonly string[]
}

export type Jitter = { readonly share: number } | { readonly time: Milliseconds }

export const usualSettings: Settings = {
  account: null,
  mode: 'plan',
  interval: hour,
  jitter: { share: 0.1 },
  windows: [],
  priority: 'normal',
  owner: null,
  programs: [],
  variables: [],
}

const longestInterval: Milliseconds = 365 * day

/** At most the interval: a run that starts later than the next one is due would be none. */
export function jitterOf(jitter: Jitter, interval: Milliseconds): Milliseconds {
  return Math.min(interval, 'share' in jitter ? Math.floor(interval * jitter.share) : jitter.time)
}

function parseJitter(text: string): Jitter {
  return text.endsWith('%') ? { share: Number(text.slice(0, -1)) / 100 } : { time: parseWait(text) ?? 0 }
}

function resolveInterval(text: string, path: Path, document: FleetDocument): Milliseconds {
  const interval = parseDuration(text) ?? hour
  if (interval <= longestInterval) return Math.max(minute, interval)
  const message = `The interval "${text}" is longer than 365 days`
  document.report(path, { code: 'bad-value', message, hint: 'Write a shorter one, such as 1d.' })
  return hour
}

/** Variables that hold what is ours: the keys and addresses of this tool, and the switches of Node. */
const reserved = /^(?:FLUXLOOP_.*|NODE_OPTIONS|NODE_DEBUG|DEBUG)$/i

function resolveVariables(
  names: readonly string[],
  path: Path,
  document: FleetDocument,
  secrets: ReadonlySet<string>,
): readonly string[] {
  for (const [index, name] of names.entries()) {
    const holdsSecret = secrets.has(name)
    if (!holdsSecret && !reserved.test(name)) continue
    document.report([...path, index], {
      code: 'reserved-variable',
      message: holdsSecret
        ? `\`${name}\` holds a secret of the fleet, so no program of a stack may see it`
        : `\`${name}\` is for fluxloop-keys itself, so no program of a stack may see it`,
      hint: 'Remove it from the list.',
    })
  }
  return [...names].sort()
}

/** What stands at `path`, over what holds otherwise. `secrets`: the variables in which the fleet has its own secrets. */
export function resolveSettings(
  raw: RawSettings,
  path: Path,
  base: Settings,
  document: FleetDocument,
  secrets: ReadonlySet<string>,
): Settings {
  const { account, interval, jitter, windows, variables } = raw
  return {
    account: account === undefined ? base.account : { name: account, path: [...path, 'account'] },
    mode: raw.mode ?? base.mode,
    interval:
      interval === undefined ? base.interval : resolveInterval(interval, [...path, 'interval'], document),
    jitter: jitter === undefined ? base.jitter : parseJitter(jitter),
    windows: windows === undefined ? base.windows : resolveWindows(windows, [...path, 'windows'], document),
    priority: raw.priority ?? base.priority,
    owner: raw.owner ?? base.owner,
    programs: [...(raw.programs ?? base.programs)].sort(),
    variables:
      variables === undefined
        ? base.variables
        : resolveVariables(variables, [...path, 'variables'], document, secrets),
  }
}
