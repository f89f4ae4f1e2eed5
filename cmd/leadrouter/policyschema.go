package main

import (
	"github.com/spf13/cobra"

	"leadrouter/schemas/policyschema"
)

func (c *cli) policySchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a policy file, for editors",
		Long: `schema prints the JSON Schema (2020-12) of a policy file. With the YAML plug-in of
most editors one line at the top of policy.yaml is enough:

  # yaml-language-server: $schema=policy.schema.json`,
		Example: "  leadrouter policy schema > policy.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := c.out.Write(policyschema.JSON())
			return err
		},
	}
}
