import { childEnvironment } from '../../../src/stores/child-environment.ts'
import type { FleetStack } from './fleet.ts'

/** How this machine reaches others: without these nothing does, ours or a program's. */
const network = /^(?:(?:https?|all|no)_proxy|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS)$/i

/**
 * What a run of the stack, and so each program that it starts, sees of the environment of the fleet: a few usual variables, and those that
 * its entry lists. The credentials of accounts stay out.
 */
export function stackEnvironment(
  env: NodeJS.ProcessEnv,
  { variables }: Pick<FleetStack, 'variables'>,
): NodeJS.ProcessEnv {
  const more = Object.entries(env).filter(([name]) => network.test(name) || variables.includes(name))
  return { ...childEnvironment(env), ...Object.fromEntries(more) }
}
