import type { Context } from '../../context.ts'
import type { LiveKey } from '../../model/live-key.ts'
import type { Secret } from '../../model/secret.ts'
import { secretBox } from '../../render/box.ts'
import { jsonText } from '../../render/json.ts'
import { keyToJson } from '../../render/key-json.ts'

/** The screen's box, which shows a secret the one time it can be seen. */
export function boxOf(secret: Secret, { stdout }: Context): string {
  return secretBox(secret.reveal(), stdout)
}

/** The secret alone, on a line of its own. */
export function printSecret(secret: Secret, { stdout }: Context): void {
  stdout.print(secret.reveal())
}

/** The key and its secret; `null` where the secret went into `stores` instead, which say where it is. */
export function printIssuedJson(
  live: LiveKey,
  secret: Secret | null,
  stores: readonly string[],
  { stdout, now }: Context,
): void {
  const key = secret === null ? null : secret.reveal()
  stdout.print(jsonText({ format_version: '1.0', api_key: keyToJson(live, now()), key, stores }))
}
