import { dueAt } from '../lifecycle/due.ts'
import { useOf } from '../lifecycle/last-use.ts'
import type { InventoryEntry, InventoryKey, PermissionUse } from '../model/inventory.ts'
import { type LiveKey, secretMadeAt, shownEnvironment } from '../model/live-key.ts'
import type { Counts, ObservedUsage } from '../model/observed-usage.ts'
import { type Permissions, allPermissions, everyPermission } from '../model/permission.ts'
import { isAdopted } from '../model/wanted-end.ts'
import { type AuditedKey, auditedKeys, environmentOf, liveKeysOf } from './audited-key.ts'
import type { AuditFacts } from './audit-facts.ts'
import { addCounts, usageOf } from './usage-of.ts'
import { usedPermissions } from './used-permissions.ts'

function liveEntry(live: LiveKey): InventoryKey {
  const { id, maskedKey, ownership, createdAt, expiresAt, scope, permissions } = live
  const marker = ownership.kind === 'managed' ? ownership.marker : null
  return {
    ...{ id, maskedKey, createdAt, expiresAt, scope, permissions },
    lastUse: useOf(live),
    generation: marker?.generation ?? null,
    state: marker?.state.kind ?? 'unmanaged',
    secretMadeAt: secretMadeAt(live),
  }
}

/** What was counted, whether or not it covers the window. */
function counted(keys: readonly LiveKey[], { usage }: AuditFacts): readonly ObservedUsage[] {
  return keys.flatMap(({ id }) => {
    const facts = usage?.get(id)
    if (facts === undefined) return []
    return facts.known ? [facts.usage] : facts.partial === null ? [] : [facts.partial]
  })
}

/** `complete`: the figures cover the window, so that what is not among them was not used. */
function permissionUses(
  granted: Permissions,
  { counts, unknown }: { readonly counts: Counts; readonly unknown: readonly string[] },
  complete: boolean,
): ReadonlyMap<string, PermissionUse> {
  const all = granted.includes(everyPermission) ? allPermissions : granted
  const used = (name: string) => (counts.get(name) ?? 0) > 0
  const rest: PermissionUse = complete && unknown.length === 0 ? 'unused' : 'unknown'
  return new Map([
    ...all.map((name): [string, PermissionUse] => [name, used(name) ? 'used' : rest]),
    ...[...counts.keys()]
      .filter(name => used(name) && !all.includes(name))
      .map((name): [string, PermissionUse] => [name, 'denied']),
  ])
}

function figuresOf(key: AuditedKey, granted: Permissions, facts: AuditFacts): InventoryEntry['use'] {
  const seen = usageOf(key, facts)
  const usage = seen.seen ? seen.usage : counted(liveKeysOf(key), facts)
  return {
    unseen: seen.seen ? null : seen.why,
    byDay: addCounts(usage.map(({ byDay }) => byDay)),
    byProject: addCounts(usage.map(({ byProject }) => byProject)),
    permissions: permissionUses(granted, usedPermissions(usage), seen.seen),
  }
}

function entryOf(key: AuditedKey, facts: AuditFacts): InventoryEntry {
  const live = liveKeysOf(key).map(liveEntry)
  if (key.kind === 'undeclared') {
    const { name, description, scope, permissions } = key.live
    return {
      ...{ keyId: null, name, description, owner: null, scope, permissions, live },
      environment: shownEnvironment(key.live),
      isProtected: false,
      position: null,
      stores: [],
      maxAge: null,
      dueAt: null,
      use: figuresOf(key, permissions, facts),
    }
  }
  const { desired, head, slot } = key
  const { keyId, name, description, owner, protect, position, stores, rotation } = desired
  const { scope, permissions } = head ?? desired
  return {
    ...{ keyId, name, description, owner, scope, permissions, position, live },
    environment: environmentOf(key),
    isProtected: protect,
    stores: stores.map(({ spec }) => spec),
    maxAge: rotation.maxAge,
    // Nobody renews an adopted key.
    dueAt: head === null || isAdopted(head) ? null : dueAt(desired, head, slot, facts.now),
    use: figuresOf(key, permissions, facts),
  }
}

/** Every key that an audit is about, in the order of its report. Pure. */
export function inventory(facts: AuditFacts): readonly InventoryEntry[] {
  return auditedKeys(facts).map(key => entryOf(key, facts))
}
