import { type FlagSet, countOr, list, text, toggle } from './flags.ts'

export const config = list('<path>', 'File, folder or glob of the configuration', { short: 'c' })

export const json = toggle('Print JSON')

export const allowPath = list(
  '<path>',
  'Let a store write to this very file, whatever its name is and wherever a link leads',
  { rare: true },
)

export const allowUnmasked = toggle('Make secrets in a CI job whose runner cannot be told to mask them', {
  rare: true,
})

/** Which platform, and with which credential. */
export const connection = {
  profile: text('<name>', 'The login to use, as `auth login --profile` kept it'),
  caller: text(
    '<key-id>',
    'The id of the key that calls (none: a user does), where the platform does not show it',
    { rare: true },
  ),
  apiUrl: text('<url>', 'The platform; sandbox: or sandbox:PATH is one in this process'),
  staging: toggle('Use the staging platform'),
  insecureTls: toggle('Go on where the environment makes TLS insecure (NODE_TLS_REJECT_UNAUTHORIZED=0)', {
    rare: true,
  }),
} satisfies FlagSet

/** How a plan is carried out. */
export const applying = {
  autoApprove: toggle('Do not ask for approval'),
  log: text('<file>', 'Append what was done, why and by whom: a line of JSON a change (FLUXLOOP_KEYS_LOG)'),
  lockTimeout: text('<period>', 'How long to wait for another run on this machine: 30s, 10m (default 0s)'),
  parallelism: countOr(10, '<n>', 'How many changes to work on at once', { rare: true }),
  allowUnmasked,
} satisfies FlagSet
