/** The course as the page knows it: the list from the build, each drill's text when it is opened. */
import { course, drills } from 'virtual:course';
import type { Read } from '../drill/course.ts';

export interface CourseEntry { id: string; title: string; chapter: string; summary: string; level: string; minutes: number; steps: number; wrong: boolean }
export const entries: readonly CourseEntry[] = course;

export const loadDrill = async (id: string): Promise<Read | null> => (drills[id] ? (await drills[id]()).default : null);

/** Chapters in the order of their first drill. */
export const chapters = (): [string, CourseEntry[]][] => {
  const byChapter = new Map<string, CourseEntry[]>();
  for (const entry of entries) byChapter.set(entry.chapter, [...byChapter.get(entry.chapter) ?? [], entry]);
  return [...byChapter];
};
