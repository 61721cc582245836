import { playPart } from './rooms.ts'

await playPart('faults', 1, 2)
