import { playPart } from './rooms.ts'

await playPart('scenarios', 7, 7)
