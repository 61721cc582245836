import { type FlagSet, list, text, toggle } from './flags.ts'

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

export const withoutFleet = toggle(
  'Go on without the database of FLUXLOOP_KEYS_DATABASE_URL: with no lease, and no entry in its history',
  { rare: true },
)

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
