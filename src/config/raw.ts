import type { BuiltInRule, Severity } from '../model/audit-rule.ts'
import type { Forbidden } from '../model/desired.ts'
import type { Environment } from '../model/environment.ts'
import type { Permission } from '../model/permission.ts'
import type { PresetName } from '../model/presets/presets.ts'

/** What a configuration file holds once the schema has accepted it: as written, with nothing filled in. */
export interface RawFile {
  readonly version?: 1
  readonly stack?: string
  readonly formerly?: readonly string[]
  readonly roles?: Readonly<Record<string, readonly string[]>>
  readonly defaults?: RawDefaults
  readonly keys?: Readonly<Record<string, RawKey>>
  readonly prune?: RawPrune
  readonly limits?: RawLimits
  readonly marker?: RawMarker
  readonly policy?: RawPolicy
  readonly extends?: string | readonly string[]
}

export interface RawDefaults {
  readonly expires?: string
  readonly rotate?: RawRotate
  readonly store?: RawStores
  readonly keepRemoved?: boolean
}

export interface RawKey extends RawDefaults {
  readonly name: string
  readonly description?: string
  readonly owner?: string
  readonly environment?: Environment
  readonly scope: 'all' | readonly (string | RawTemporaryProject)[]
  readonly permissions: readonly (string | RawTemporaryPermission)[]
  readonly protect?: boolean
  readonly previously?: string
  readonly adopt?: string
  readonly exceptions?: readonly RawException[]
  readonly consumers?: readonly RawConsumer[]
}

export interface RawConsumer {
  readonly name: string
  readonly userAgent?: string
  readonly addresses?: readonly string[]
  readonly projects?: readonly string[]
  readonly operations?: readonly string[]
  readonly every?: string
}

interface RawGrant {
  readonly until: string
  readonly reason: string
}

export interface RawTemporaryPermission extends RawGrant {
  readonly permission: string
}

export interface RawTemporaryProject extends RawGrant {
  readonly project: string
}

export interface RawException {
  readonly rule: string
  readonly permission?: string
  readonly project?: string
  readonly reason: string
  readonly owner?: string
  readonly until: string
}

export interface RawRotate {
  readonly maxAge?: string
  readonly strategy?: 'overlap' | 'in-place'
  readonly grace?: string
  readonly quiet?: string
  readonly renewBefore?: string
}

export interface RawPrune {
  readonly removed?: 'revoke' | 'retain'
  readonly unmanaged?: 'ignore' | 'report' | 'revoke'
  readonly unused?: { readonly after: string; readonly action?: 'report' | 'revoke' }
  readonly keep?: readonly string[]
}

export interface RawLimits {
  readonly revoke?: string
  readonly rotate?: string
  readonly always?: number
}

export interface RawMarker {
  readonly publicKeys: readonly string[]
  readonly signingKey?: { readonly env: string }
}

export interface RawPolicy {
  readonly forbid?: readonly Forbidden[]
  readonly breakGlass?: readonly RawBreakGlass[]
  readonly severity?: Readonly<Partial<Record<BuiltInRule, Severity | 'off'>>>
  readonly failOn?: Severity
  readonly environments?: Readonly<Partial<Record<Environment, RawEnvironmentLimits>>>
  readonly rules?: Readonly<Record<string, RawOwnRule>>
}

export interface RawBreakGlass {
  readonly who: readonly string[]
  readonly keys: readonly string[]
  readonly permissions: readonly Permission[]
  readonly maxFor: string
}

export interface RawEnvironmentLimits {
  readonly maxLifetime?: string
  readonly allow?: readonly Permission[]
  readonly deny?: readonly Permission[]
}

export interface RawOwnRule {
  readonly when: string
  readonly message: string
  readonly severity: Severity
  readonly remedy?: string
  readonly tests?: readonly RawRuleTest[]
}

export interface RawRuleTest {
  readonly name: string
  readonly desired?: Readonly<Record<string, unknown>>
  readonly key?: Readonly<Record<string, unknown>>
  readonly usage?: Readonly<Record<string, unknown>>
  readonly now?: string
  readonly finds: boolean
}

/** Of a preset. */
export type RawSettings = Readonly<Record<string, string | boolean>>

/** One store in the map form: it has exactly one of the properties. */
export interface RawStoreMap extends Partial<Readonly<Record<PresetName, RawSettings>>> {
  readonly keychain?: {
    readonly service?: string
    readonly account?: string
    readonly fallback?: RawStoreMap
  }
  readonly 'env-file'?: { readonly path: string; readonly name: string | readonly string[] }
  readonly 'age-file'?: {
    readonly path: string
    readonly recipients?: readonly string[]
    readonly identity?: string
    readonly shared?: boolean
  }
  readonly exec?: RawExec
}

export interface RawExec {
  readonly put: readonly string[]
  readonly get?: readonly string[]
  readonly remove?: readonly string[]
  readonly timeout?: string
  readonly local?: boolean
}

export type RawStore = 'keychain' | RawStoreMap
export type RawStores = RawStore | readonly RawStore[]
