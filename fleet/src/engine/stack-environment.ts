import { childEnvironment, withoutCallersKey } from '../../../src/stores/child-environment.ts'
import type { FleetStack } from '../file/fleet.ts'

/** What a run of a stack, and the programs of its stores, get of a replica's environment: the usual variables, and those that the fleet file names. */
export function stackEnvironment({ variables }: FleetStack, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = withoutCallersKey(env)
  const named = variables.flatMap(name => (own[name] === undefined ? [] : [[name, own[name]] as const]))
  return { ...childEnvironment(own), ...Object.fromEntries(named) }
}
