import type { HelpPage } from '../render/text/help-text.ts'

const environment: HelpPage = {
  title: 'environment',
  summary: 'The variables that fluxloop-keys reads. A flag goes before its variable.',
  about: [],
  usage: [],
  sections: [
    {
      title: 'Platform and credential',
      rows: [
        {
          term: 'FLUXLOOP_API_KEY',
          text: 'The key to call the platform with. It goes before every kept login.',
        },
        { term: 'FLUXLOOP_SYNC_API_KEY', text: "The platform's older name for it." },
        {
          term: 'FLUXLOOP_API_URL',
          text: 'The platform, as --api-url. A file of a repository, .env included, is never asked for it.',
        },
      ],
    },
    {
      title: 'Logs and files',
      rows: [
        { term: 'FLUXLOOP_KEYS_LOG', text: 'The log that apply and rotate append to, as --log.' },
        { term: 'FLUXLOOP_KEYS_HEARTBEAT', text: 'What apply calls after a complete run, as --heartbeat.' },
        { term: 'XDG_STATE_HOME', text: 'Where the locks of stacks are (~/.local/state).' },
        { term: 'XDG_CACHE_HOME', text: 'Where use of keys is cached for audit (~/.cache).' },
        { term: 'XDG_RUNTIME_DIR', text: 'A folder in memory; secret copy needs it.' },
      ],
    },
    {
      title: 'Many stacks',
      rows: [
        {
          term: 'FLUXLOOP_KEYS_DATABASE_URL',
          text: 'The PostgreSQL of a fleet, as postgresql://USER:PASSWORD@HOST/NAME. Commands that write take their lease there and appear in its history, unless --without-fleet is given. No flag takes it, since others can read those.',
        },
      ],
    },
    {
      title: 'Terminal',
      rows: [
        { term: 'NO_COLOR', text: 'Any value but an empty one: no colour, as --no-color.' },
        { term: 'FORCE_COLOR', text: 'Colour also where the output is not a terminal; 0 switches it off.' },
        { term: 'TERM', text: 'dumb: no colour, and no line that is written anew.' },
        { term: 'TZ', text: 'The time zone of times on the screen. JSON is in UTC.' },
      ],
    },
    {
      title: 'Network',
      rows: [
        { term: 'HTTPS_PROXY, HTTP_PROXY', text: 'The proxy to call the platform through.' },
        { term: 'NO_PROXY', text: 'Hosts that are called without it.' },
        { term: 'NODE_EXTRA_CA_CERTS', text: 'Further certificates to trust.' },
        {
          term: 'NODE_TLS_REJECT_UNAUTHORIZED',
          text: '0 makes TLS insecure: every command refuses to run then, unless --insecure-tls is given.',
        },
      ],
    },
    {
      title: 'CI',
      rows: [
        {
          term: 'GITHUB_ACTIONS, TF_BUILD',
          text: 'This is a job of GitHub Actions or Azure Pipelines: a new secret is masked in its log.',
        },
        {
          term: 'GITLAB_CI',
          text: 'This is a job of GitLab, which masks no secret that is made in it: see --allow-unmasked.',
        },
      ],
    },
  ],
}

const exitCodes: HelpPage = {
  title: 'exit-codes',
  summary: 'How a command ended, as scripts see it.',
  about: [],
  usage: [],
  sections: [
    {
      title: 'Exit codes',
      rows: [
        { term: '0', text: 'Done, or nothing to do.' },
        { term: '1', text: 'Failed, or approval was declined.' },
        {
          term: '2',
          text: 'Wrong usage or configuration. With plan --detailed-exitcode: changes are pending, and every error is 1.',
        },
        { term: '3', text: 'No valid credential, or one that lacks a permission.' },
        { term: '4', text: 'The platform was not reached, or it limited the rate of requests.' },
        { term: '5', text: 'Not found: no such key, project or pattern.' },
        { term: '6', text: 'Refused by the policy or by a limit.' },
        { term: '7', text: 'Applied in part: some changes were held back or failed. The report names them.' },
        { term: '12', text: 'Conflict: the plan is stale, the stack is locked, or another run is at work.' },
        { term: '130', text: 'Interrupted; apply first finishes what is in flight.' },
      ],
    },
  ],
}

/** What `help` knows besides commands; `configuration` is made from its schema, and loaded when it is asked for. */
export const topics: Readonly<Record<string, HelpPage>> = { environment, 'exit-codes': exitCodes }

export const topicNames = ['configuration', 'environment', 'exit-codes'] as const
