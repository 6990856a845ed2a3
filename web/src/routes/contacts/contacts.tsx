import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { FileUp, Users } from "lucide-react";

import { tableOf } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { key, useRole } from "@/api/queries";
import { DataTable } from "@/components/data-table";
import { FilterBar, FilterChips, SearchBox } from "@/components/filter-bar";
import { Page } from "@/components/page";
import { EmptyByFilter, EmptyState } from "@/components/states";
import { Card } from "@/components/ui/card";
import { LinkButton } from "@/components/ui/link-button";
import { RelativeTime } from "@/components/ui/small";
import { useUrlChange, useUrlState } from "@/lib/url";

import { ContactStatus } from "./status";

/** Everybody in the workspace, found by address and status. */
export default function Contacts() {
  const [cursor] = useUrlState("cursor");
  const [status] = useUrlState("status");
  const [email] = useUrlState("email");
  const change = useUrlChange();
  const writes = may(useRole(), "contacts:write");
  const list = useQuery({
    queryKey: key("contacts", { cursor, status, email }),
    queryFn: () =>
      ok(api.GET("/v1/contacts", { params: { query: { cursor: cursor || undefined, status: (status || undefined) as never, email: email || undefined } } })),
    placeholderData: keepPreviousData,
  });
  const button = writes && (
    <LinkButton to="/contacts/imports/new">
      <FileUp aria-hidden /> Import contacts
    </LinkButton>
  );
  return (
    <Page title="Contacts" actions={button}>
      <Card flush>
        <FilterBar>
          <SearchBox label="Find an e-mail address" name="email" />
          <FilterChips
            name="status"
            label="Status"
            options={[
              { value: "subscribed", label: "Subscribed" },
              { value: "unsubscribed", label: "Unsubscribed" },
              { value: "suppressed", label: "Suppressed" },
            ]}
          />
        </FilterBar>
        <DataTable
          caption="Contacts"
          {...tableOf(list)}
          rowKey={(row) => row.contact_id}
          rowName={(row) => row.email ?? "erased person"}
          to={(row) => `/contacts/${row.contact_id}`}
          columns={[
            { header: "E-mail", cell: (row) => <span className="font-medium">{row.email ?? <span className="text-muted-foreground">erased</span>}</span> },
            { header: "Name", cell: (row) => [row.first_name, row.last_name].filter(Boolean).join(" ") || "–" },
            { header: "Status", cell: (row) => <ContactStatus status={row.status} erased={row.erased_at !== null} /> },
            { header: "Added", cell: (row) => <RelativeTime at={row.added_at} /> },
          ]}
          empty={
            status || email ? (
              <EmptyByFilter what="contacts" onClear={() => change({ status: undefined, email: undefined })} />
            ) : (
              <EmptyState icon={<Users />} title="Nobody here yet" action={button} call="engine contacts import people.csv">
                Bring a CSV or Excel file. Nothing is written before you have seen how each column is read.
              </EmptyState>
            )
          }
        />
      </Card>
    </Page>
  );
}
