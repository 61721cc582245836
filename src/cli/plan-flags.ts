import { type FlagSet, count, countOr, list, text, toggle } from './flags.ts'
import { allowPath, allowUnmasked, withoutFleet } from './shared-flags.ts'

export const full = toggle('Show all details of every change, however many there are')

export const targets = {
  only: list('<key>', 'Only keys with this key id, or that fit this pattern (* and ?)'),
  except: list('<key>', 'All keys but these'),
} satisfies FlagSet

export const overrides = {
  maxRevoke: count('<n>', 'Allow at most N revocations in this run; above the limit they are held back'),
  maxRotate: count('<n>', 'Allow at most N rotations for age in this run; above the limit they are deferred'),
  forbid: list('<what>', 'Refuse a plan that does this: widening (grants more than a key has)', {
    rare: true,
  }),
  allow: list('<what>', 'Allow in this run what the policy forbids: widening', { rare: true }),
  revokeInUse: list('<key>', 'Let this key be revoked although it is in use', { rare: true }),
  takeOver: toggle('Move keys here whose local stores are on another host or in another folder', {
    rare: true,
  }),
  sign: toggle('Sign the marker of every key in use that is proven to be ours', { rare: true }),
  allowPath,
} satisfies FlagSet

export const jsonInto = text('<file>', 'Print text, and write what --json prints to this file')

/** How a plan is carried out. */
export const carryingOut = {
  autoApprove: toggle('Do not ask for approval'),
  log: text('<file>', 'Append what was done, why and by whom: a line of JSON a change (FLUXLOOP_KEYS_LOG)'),
  lockTimeout: text('<period>', 'How long to wait for another run on this machine: 30s, 10m (default 0s)'),
  parallelism: countOr(10, '<n>', 'How many changes to work on at once', { rare: true }),
  allowUnmasked,
  withoutFleet,
} satisfies FlagSet

export const applying = {
  jsonLines: toggle('Print events as they happen, a line of JSON each'),
  jsonInto,
  ...carryingOut,
} satisfies FlagSet

/** What a rotation of one key leaves at its usual value. */
export const usualReconciling = {
  maxRevoke: null,
  maxRotate: null,
  revokeInUse: [],
  takeOver: false,
  sign: false,
  breakGlass: null,
} as const
