"""Files that people bring and take: contact lists in, rejected rows out."""
