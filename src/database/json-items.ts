/** The items of a JSON list, the first parameter of a statement, as a table; each is in the column `value`. */
export const JSON_ITEMS = {
  sqlite: 'json_each($1)',
  postgres: 'jsonb_array_elements(CAST($1 AS jsonb))',
} as const;
