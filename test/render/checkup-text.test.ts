import t from 'tap'
import { renderCheckup } from '../../src/render/report/checkup-text.ts'
import { paletteFor } from '../../src/render/text/palette.ts'

t.test('keeps the structure of an error: its lines, its headings and its list', async t => {
  const shown = renderCheckup(
    {
      requests: 1,
      checks: [
        {
          name: 'configuration',
          subject: null,
          status: 'failed',
          message: 'The configuration is not valid\nfluxloop-keys.yaml:3:5 unknown key `scop`',
          hints: ['Possible causes:', 'A word is misspelt.', 'Solution:', 'Correct it.'],
        },
      ],
    },
    { palette: paletteFor(false), width: 80 },
  )
  t.equal(
    shown,
    [
      'FAILED  configuration: The configuration is not valid',
      '        fluxloop-keys.yaml:3:5 unknown key `scop`',
      '        Possible causes:',
      '          • A word is misspelt.',
      '        Solution:',
      '          • Correct it.',
      '',
      '1 failure, 0 warnings.',
    ].join('\n'),
  )
})
