const REFERENCE =
  "Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates";

/** Help of `--format` where a list is printed. */
export const LIST_FORMAT_USAGE = `Format output using a custom template:
'table':            Print output in table format with column headers (default)
'table TEMPLATE':   Print output in table format using the given Go template
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
${REFERENCE}`;

/** Help of `--format` where one object is printed. */
export const OBJECT_FORMAT_USAGE = `Format output using a custom template:
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
${REFERENCE}`;
