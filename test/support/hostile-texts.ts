/** Commands of every runner, each as it has to stand in a line to be found. */
export const runnerCommands = [
  '##[stop-commands]tok',
  '::stop-commands::tok',
  '::set-env name=PATH::/tmp',
  '##vso[task.setvariable variable=PATH]evil',
  "##teamcity[buildStatus status='FAILURE']",
  'section_start:1560896352:hidden\r\u001b[0K',
  'travis_fold:start:hidden',
  '--- hidden',
  '+++ hidden',
  '~~~ hidden',
  '^^^ +++',
] as const

/** One text with all of them at that many distances that at any width some begin a line; and after what other readers take for line ends. */
export const hostileText = [
  ...runnerCommands.map((command, index) => `${'word '.repeat(index % 4)}${command}`),
  ...['\n', '\r', '\u2028', '\u0085', '\u000b', '\u00a0', '\u3000', '\ufeff', '\u001b[31m', '\u00ad'].map(
    before => `x${before}::error::x ##${before}[group]x`,
  ),
  `${'#'.repeat(5)}[group]x #`,
].join(' ')
