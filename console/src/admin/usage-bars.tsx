// Requests of each day as columns of one SVG. The table below it says the same in numbers, so the picture is hidden from who cannot
// see it but for its name.
import type { ReactNode } from 'react';
import styles from './admin.module.css';

export interface Column {
  /** `2026-11-05`. */
  readonly day: string;
  readonly count: number;
}

const WIDTH = 640;
const HEIGHT = 180;
const LEFT = 52;
const BOTTOM = 24;
const TOP = 12;

/** The next number with one digit that is not zero: what the upper line stands for. */
export const roundUp = (count: number): number => {
  const step = 10 ** Math.floor(Math.log10(Math.max(count, 1)));
  return Math.ceil(Math.max(count, 1) / step) * step;
};

export const UsageBars = ({
  label,
  columns,
  text,
}: {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly text: (count: number) => string;
}): ReactNode => {
  const top = roundUp(Math.max(0, ...columns.map(({ count }) => count)));
  const room = HEIGHT - TOP - BOTTOM;
  const step = (WIDTH - LEFT) / Math.max(columns.length, 1);
  const y = (count: number) => TOP + room - (count / top) * room;
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className={styles.bars}>
      {[0, top / 2, top].filter(Number.isInteger).map((line) => (
        <g key={line}>
          <line x1={LEFT} x2={WIDTH} y1={y(line)} y2={y(line)} stroke="var(--mantine-color-default-border)" />
          <text x={LEFT - 6} y={y(line) + 4} textAnchor="end" fontSize={12} fill="currentColor">
            {text(line)}
          </text>
        </g>
      ))}
      {columns.map(({ day, count }, at) => (
        <g key={day} transform={`translate(${LEFT + at * step} 0)`}>
          <rect
            x={step * 0.15}
            width={step * 0.7}
            y={y(count)}
            height={Math.max(0, y(0) - y(count))}
            fill="var(--mantine-color-teal-filled)"
          />
          {(at === 0 || (at + 1) % 5 === 0) && (
            <text x={step / 2} y={HEIGHT - 6} textAnchor="middle" fontSize={12} fill="currentColor">
              {Number(day.slice(8))}
            </text>
          )}
        </g>
      ))}
    </svg>
  );
};
