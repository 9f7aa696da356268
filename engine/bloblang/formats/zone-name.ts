/**
 * The abbreviation by which the time zone database calls a zone at some moment, such as CEST.
 *
 * JavaScript knows zones by their long English names only; those whose abbreviation is a word are listed here. All
 * other zones of the database are abbreviated by their offset.
 */
import type { CivilTime } from '../values/timestamp.ts'

const ABBREVIATIONS: Readonly<Record<string, string>> = {
  'Alaska Daylight Time': 'AKDT',
  'Alaska Standard Time': 'AKST',
  'American Samoa Standard Time': 'SST',
  'Atlantic Daylight Time': 'ADT',
  'Atlantic Standard Time': 'AST',
  'Australian Central Daylight Time': 'ACDT',
  'Australian Central Standard Time': 'ACST',
  'Australian Eastern Daylight Time': 'AEDT',
  'Australian Eastern Standard Time': 'AEST',
  'Australian Western Standard Time': 'AWST',
  'British Summer Time': 'BST',
  'Central Africa Time': 'CAT',
  'Central Daylight Time': 'CDT',
  'Central European Standard Time': 'CET',
  'Central European Summer Time': 'CEST',
  'Central Standard Time': 'CST',
  'Chamorro Standard Time': 'ChST',
  'China Standard Time': 'CST',
  'Coordinated Universal Time': 'UTC',
  'Cuba Daylight Time': 'CDT',
  'Cuba Standard Time': 'CST',
  'East Africa Time': 'EAT',
  'Eastern Daylight Time': 'EDT',
  'Eastern European Standard Time': 'EET',
  'Eastern European Summer Time': 'EEST',
  'Eastern Indonesia Time': 'WIT',
  'Central Indonesia Time': 'WITA',
  'Western Indonesia Time': 'WIB',
  'Eastern Standard Time': 'EST',
  'Greenwich Mean Time': 'GMT',
  'Hawaii-Aleutian Daylight Time': 'HDT',
  'Hawaii-Aleutian Standard Time': 'HST',
  'Hong Kong Standard Time': 'HKT',
  'India Standard Time': 'IST',
  'Irish Standard Time': 'IST',
  'Israel Daylight Time': 'IDT',
  'Israel Standard Time': 'IST',
  'Japan Standard Time': 'JST',
  'Korean Standard Time': 'KST',
  'Moscow Standard Time': 'MSK',
  'Mountain Daylight Time': 'MDT',
  'Mountain Standard Time': 'MST',
  'New Zealand Daylight Time': 'NZDT',
  'New Zealand Standard Time': 'NZST',
  'Newfoundland Daylight Time': 'NDT',
  'Newfoundland Standard Time': 'NST',
  'Pacific Daylight Time': 'PDT',
  'Pacific Standard Time': 'PST',
  'Pakistan Standard Time': 'PKT',
  'Philippine Standard Time': 'PST',
  'Samoa Standard Time': 'SST',
  'South Africa Standard Time': 'SAST',
  'Taipei Standard Time': 'CST',
  'Taiwan Standard Time': 'CST',
  'West Africa Standard Time': 'WAT',
  'West Africa Time': 'WAT',
  'Western European Standard Time': 'WET',
  'Western European Summer Time': 'WEST',
}

/** Undefined for a zone that is no more than an offset. */
export function zoneAbbreviation(civil: CivilTime): string | undefined {
  const { zone, offsetMinutes } = civil
  if (zone === 'UTC' || zone === 'Z' || zone === '') return 'UTC'
  if (/^[+-]/.test(zone)) return undefined
  return ABBREVIATIONS[longName(civil)] ?? offsetName(offsetMinutes)
}

function longName({ zone, year, month, day, hour, minute, offsetMinutes }: CivilTime): string {
  const epochMs = Date.UTC(year, month - 1, day, hour, minute) - offsetMinutes * 60_000
  const parts = nameFormat(zone).formatToParts(epochMs)
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
}

/** As the database spells it: hours, and minutes only where there are some. */
function offsetName(offsetMinutes: number): string {
  const magnitude = Math.abs(offsetMinutes)
  const hours = String(Math.floor(magnitude / 60)).padStart(2, '0')
  const minutes = magnitude % 60 === 0 ? '' : String(magnitude % 60).padStart(2, '0')
  return `${offsetMinutes < 0 ? '-' : '+'}${hours}${minutes}`
}

const nameFormats = new Map<string, Intl.DateTimeFormat>()
/** There are some six hundred zones, and only known ones come here. */
const NAME_FORMATS_MAX = 1_000

function nameFormat(zone: string): Intl.DateTimeFormat {
  const known = nameFormats.get(zone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'long' })
  if (nameFormats.size < NAME_FORMATS_MAX) nameFormats.set(zone, format)
  return format
}
