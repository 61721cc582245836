import type { BuiltInRule } from '../../model/audit-rule.ts'

/** Why each rule is there and what to do about its findings, as its page in `docs/rules/` says it; code scanners show it. */
export const ruleHelp: Readonly<Record<BuiltInRule, { readonly why: string; readonly fix: string }>> = {
  'unused-permission': {
    why: 'A stolen secret can do all that its key grants, also what nobody ever needed.',
    fix: "Remove the permission from the key's declaration, or give the key a role that grants less.",
  },
  'unused-project': {
    why: 'A key that reaches fewer projects does less harm when it leaks.',
    fix: 'Remove the project from `scope`.',
  },
  'wildcard-permission': {
    why: 'All permissions are also those that the platform adds later, and nobody can tell what the key is for.',
    fix: 'Name the permissions that the key needs; the finding names those that it used, where usage was looked at.',
  },
  'all-projects': {
    why: 'The key reaches every project of the organization, also those that are made later.',
    fix: 'Name the projects that it needs under `scope`.',
  },
  'no-expiry': {
    why: 'A secret that leaked unnoticed works for ever.',
    fix: 'Give it a period, such as `expires: 90d`: it is renewed in time as long as apply runs. An adopted key is not renewed: rotate it first with `fluxloop-keys rotate KEY`.',
  },
  'lifetime-too-long': {
    why: 'The longer a secret lives, the longer a copy of it works that nobody knows of.',
    fix: 'Declare a life within the limit. An adopted key is not renewed: rotate it first with `fluxloop-keys rotate KEY`.',
  },
  'permission-not-allowed': {
    why: 'The team has decided what keys of this environment may do, and this one may do more.',
    fix: 'Remove the permission, or change the policy.',
  },
  'past-max-age': {
    why: 'Rotation has stopped: apply does not run, or it fails.',
    fix: 'Run `fluxloop-keys apply` once a day, or `fluxloop-keys rotate KEY` now; for an adopted key only the latter.',
  },
  'rotation-overdue': {
    why: 'The schedule that runs apply has stopped, or apply fails or defers this key at every run.',
    fix: 'Look at the last runs of the schedule, and run `fluxloop-keys apply`; `fluxloop-keys plan` shows what keeps the key from being rotated.',
  },
  'expiring-soon': {
    why: 'On that day its consumers fail.',
    fix: 'Run `fluxloop-keys apply`; for a fixed date declare a later one or a period, and rotate an adopted key.',
  },
  'end-not-as-declared': {
    why: 'The declaration says that it ends, and the platform does not: a copy of its secret works on.',
    fix: 'For an adopted key run `fluxloop-keys rotate KEY`: its successor ends as declared. For a fixed date declare a later one, or remove the key.',
  },
  'unused-key': {
    why: 'Nobody would notice if somebody else used it.',
    fix: 'Remove its declaration: apply then revokes it. A key that nothing declares is revoked with `fluxloop-keys apikeys delete`.',
  },
  'never-used-key': {
    why: 'A secret that was handed out and is not used lies somewhere, or never arrived.',
    fix: 'Find out who should have it, or remove its declaration.',
  },
  'unmanaged-key': {
    why: 'Nobody answers for it, nothing rotates it, and no review sees what it may do.',
    fix: 'Take it over with `adopt:`, name it in `prune.keep`, or revoke it.',
  },
  'undelivered-secret': {
    why: 'A run ended half-way: there is a live secret that may lie in one store and not in the others.',
    fix: 'Run `fluxloop-keys apply`: it finishes the delivery, or makes a new key.',
  },
  'stale-secret': {
    why: 'Its stores hold a secret that no longer works, so its consumers fail.',
    fix: 'Run `fluxloop-keys apply`: it delivers a working secret.',
  },
  'retired-key-in-use': {
    why: 'A consumer still has the old secret, so the old key cannot be revoked, and two secrets work instead of one.',
    fix: 'Give the program that the finding names the new secret.',
  },
  'can-manage-keys': {
    why: 'Whoever has this secret can make further keys, which stay when this one is revoked.',
    fix: 'Remove `manage_keys`, unless this is the one key that runs `fluxloop-keys apply`.',
  },
  'missing-owner': {
    why: 'When the key leaks or expires, nobody knows whom to ask.',
    fix: 'Add `owner:` with a team or a person.',
  },
  'missing-description': {
    why: 'Whoever finds the key on the platform cannot tell what it is for.',
    fix: 'Add a `description:` of one line.',
  },
  'environment-mismatch': {
    why: 'People trust names: a production key that is called development is handled as carelessly.',
    fix: 'Correct the name or the environment; where only the prefix differs, rotate the key.',
  },
  'shared-key': {
    why: 'A secret that several users share cannot be taken from one of them, and nobody can tell which of them leaked it.',
    fix: 'Give each of its users a key of its own.',
  },
  'unknown-consumer': {
    why: 'A stolen secret shows in what it is used for, long before anybody reports it as stolen.',
    fix: 'Look with `fluxloop-keys who KEY`. Declare the consumer, or treat the secret as leaked: `fluxloop-keys rotate KEY --now`.',
  },
  'silent-consumer': {
    why: 'A program that stopped working goes unnoticed, and one that is gone still has the secret.',
    fix: 'See whether it still works and has the right secret; if it is gone, remove it from `consumers`.',
  },
  'grant-ended': {
    why: 'The key no longer has it, and whoever reads the declaration believes that it has.',
    fix: 'Remove the entry with its `until:`; if it is still needed, give it a new end.',
  },
  'exception-expired': {
    why: 'Somebody promised to look at it again by then; and what it answered for counts again.',
    fix: 'Do what the excepted rule asks for, or review the exception and give it a new end.',
  },
  'exception-unmatched': {
    why: 'An exception that is left over would answer in silence for the next finding that fits it.',
    fix: 'Remove the exception.',
  },
  'usage-unavailable': {
    why: 'Without figures nothing can be said about what the key needs.',
    fix: 'Run the audit again later; nothing is taken away without figures.',
  },
}
