#!/usr/bin/perl
# Prints the statements by which pg_dump's own test creates its objects, in the order in which it
# runs them: pg_dump_tap.pl src/bin/pg_dump/t/002_pg_dump.pl
use strict;
use warnings;

my $source = do { local $/; open my $file, '<', $ARGV[0] or die "$ARGV[0]: $!\n"; <$file> };
# The definitions are all that comes before the test starts a server. What they use of the test's
# modules is given here.
$source =~ s/#+\n# Create a PG instance.*//s or die "where the definitions end was not found\n";
$source =~ s/^use (?:PostgreSQL::Test::\w+|Test::More);\n//mg;
$source =~ s/my \$tempdir = PostgreSQL::Test::Utils::tempdir;/my \$tempdir = '';/
    or die "the test's folder was not found\n";
$source =~ s/use warnings FATAL => 'all';//;
$source = 'package PostgreSQL::Test::Utils { our $timeout_default = 180; our $windows_os = 0; }'
    . 'our $windows_os = 0; sub check_pg_config { 1 }' . "\n$source\n\\%tests;\n";
$ENV{$_} //= 'yes' for qw(with_icu GZIP_PROGRAM LZ4 ZSTD);

my $tests = eval $source;
die $@ if $@;
my %order = map { $_ => $tests->{$_}{create_order} // 1e9 } keys %$tests;
for my $name (sort { $order{$a} <=> $order{$b} or $a cmp $b } keys %$tests) {
    my $test = $tests->{$name};
    my $sql = $test->{create_sql} // '';
    next if $sql eq '' or ($test->{database} // 'postgres') ne 'postgres';
    $sql =~ s/[;\s]+\z//;
    print "-- $name\n$sql;\n\n";
}
