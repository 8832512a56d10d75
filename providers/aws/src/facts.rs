//! The facts about AWS that the kinds rely on, sorted by id. A rule cites a fact by its constant; the
//! same id stands in the diagnostic, in the plan and in the name of the test that enforces it.

use drctl_core::fact::Fact;

macro_rules! facts {
    ($($id:ident $(($gk:ident))? $text:literal, $source:literal;)+) => {
        $(
            #[doc = $text]
            pub static $id: Fact = Fact {
                id: stringify!($id),
                text: $text,
                source: $source,
                general_knowledge: facts!(@ $($gk)?),
            };
        )+
        /// All of them, sorted by id.
        pub static FACTS: &[Fact] = &[$($id),+];
    };
    (@ gk) => { true };
    (@) => { false };
}

facts! {
    B9 "When AWS Backup manages an instance, its plan owns the instance's automated-backup settings, and its snapshots count as manual ones named `awsbackup:…`.", "Amazon RDS User Guide; terraform-provider-aws#33465";
    R1 "An instance keeps automated backups for 0 to 35 days; the API defaults to 1, the console to 7.", "Amazon RDS User Guide, Backup retention period";
    R10 "A restore always makes a new instance; nothing can be restored into an existing one.", "Amazon RDS User Guide, Restoring from a DB snapshot";
    R11 "A restored instance gets the default security group, subnet group and parameter group and a single zone unless they are given.", "Amazon RDS API, RestoreDBInstanceToPointInTime; Amazon RDS User Guide";
    R12 "A restored instance inherits the retention of its source, and RDS takes a first backup of it that can hold it in `backing-up` for hours.", "Amazon RDS User Guide; terraform-provider-aws#44104";
    R15 "Replication of automated backups is started in the destination region, needs source retention above 0, a key there when the source is encrypted, and a supported pair of regions; Multi-AZ DB clusters are excluded.", "Amazon RDS User Guide, Replicating automated backups; DescribeSourceRegions";
    R16 "The restorable window of replicated automated backups is read in the destination region, also when the source region does not answer.", "Amazon RDS API, DescribeDBInstanceAutomatedBackups";
    R17 "Restoring replicated automated backups names their own ARN as the source.", "terraform-provider-aws#21851; Amazon RDS API";
    R18 "A snapshot is bound to the region and key it was taken with; copies across regions take hours.", "Amazon RDS User Guide, Copying a DB snapshot";
    R2 "Changing the retention from 0 to another value or back interrupts the instance, with one zone or several.", "Amazon RDS User Guide, Backup retention period";
    R21 "A region holds 100 manual snapshots; those of AWS Backup do not count.", "Amazon RDS User Guide, Quotas";
    R22 "Deleting an instance deletes its automated backups unless they are retained; a final snapshot is independent and does not expire.", "Amazon RDS User Guide, Deleting a DB instance";
    R23 "Deletion protection is off unless it is turned on through the API.", "Amazon RDS User Guide, Deleting a DB instance";
    R24 "Promoting a read replica cannot be undone, restarts it, and its restorable history begins anew.", "Amazon RDS User Guide, Working with read replicas";
    R25 "The lag of a replica is a metric, -1 while nothing is replicated; on PostgreSQL it is the age of the last commit, so that behind an idle source it looks larger than it is; replication that stands still for 30 days is ended.", "Amazon RDS User Guide, Working with read replicas";
    R27 "A Multi-AZ failover typically takes 60 to 120 seconds; a standby is neither a backup nor in another region.", "Amazon RDS User Guide, Multi-AZ deployments";
    R29 "A restored RDS volume loads lazily: the first touch of each block is slow.", "Amazon RDS User Guide; field reports";
    R3 "Setting the retention to 0 deletes all automated backups at once; turning it on again begins a new history.", "Amazon RDS User Guide, Backup retention period";
    R4 "A change between non-zero retentions is made as soon as possible; between 0 and non-zero it waits for the maintenance window unless applied immediately, and applying immediately also releases every other pending change.", "AWS SDK, ModifyDBInstance; terraform-provider-aws#12216";
    R5 "The retention cannot be 0 while the instance has read replicas.", "AWS SDK, ModifyDBInstance";
    R6 "Lowering the retention drops the oldest restore points; raising it brings none back, the window only grows day by day.", "derived from Amazon RDS User Guide, Backup retention period";
    R7 "The backup window is daily, in UTC, at least 30 minutes long, and must not overlap the maintenance window.", "Amazon RDS User Guide, Backup window";
    R8 "No automated backup is taken unless the instance is available; none while it is stopped, when its retention stands still too.", "Amazon RDS User Guide, Working with backups";
    R9 "Logs reach S3 every 5 minutes, which bounds the latest restorable time.", "Amazon RDS User Guide, Restoring to a specified time";
    S1 "Once Object Lock is enabled on a bucket it can never be disabled, and versioning can never be suspended.", "Amazon S3 User Guide, Managing Object Lock";
    S10 "Lifecycle rules keep running on a locked bucket; locked versions survive them until their retention ends.", "Amazon S3 User Guide, Object Lock considerations";
    S11 "A bucket with Object Lock cannot be the destination of server access logs.", "Amazon S3 User Guide, Object Lock considerations";
    S12 "Reading a part of a bucket that is not configured answers with an error of its own, which means absent; access denied never does.", "terraform-provider-aws#35153";
    S14 "A bucket that was versioned never becomes unversioned again: versioning can only be suspended, and then new writes overwrite.", "Amazon S3 User Guide, Using versioning";
    S15 "Objects older than versioning have the version `null` until they are next written.", "Amazon S3 User Guide, Using versioning";
    S16 "A lifecycle rule that only expires current versions keeps every old version once the bucket is versioned; noncurrent versions need a rule of their own.", "Amazon S3 User Guide, Using versioning";
    S17 (gk) "A bucket with MFA delete takes no lifecycle configuration; only root with its MFA device can change MFA delete.", "Amazon S3 User Guide, Lifecycle and other bucket configurations";
    S18 (gk) "Replication needs versioning on both buckets and a role that may read the source and write the destination.", "Amazon S3 User Guide, Setting up replication; terraform-provider-aws";
    S19 "Replication is not retroactive: objects from before the rule need S3 Batch Replication.", "Amazon S3 API, ReplicationRule";
    S2 "Object Lock can be enabled on an existing bucket without a token; versioning must be enabled first.", "Amazon S3 User Guide, Configuring Object Lock; terraform-provider-aws#35153";
    S20 "Replicas are not replicated on, and a changed destination does not get what was sent to the old one.", "Amazon S3 User Guide, What does Amazon S3 replicate";
    S21 "Objects encrypted with KMS are replicated only when the rule says so and names a key of the destination.", "Amazon S3 User Guide, What does Amazon S3 replicate";
    S22 "Settings of a bucket and the actions of its lifecycle are not replicated: a replica has its own, possibly weaker.", "Amazon S3 User Guide, What does Amazon S3 replicate";
    S23 "Deletes of versions are never replicated; delete markers only when enabled, never with a filter on tags, and outside of the replication time promise.", "Amazon S3 User Guide, Delete marker replication; ReplicationRule";
    S24 "The destination of a bucket with Object Lock must have Object Lock too; retention travels with the object.", "Amazon S3 User Guide, Object Lock with replication";
    S25 "Replication time control promises 99.99 % of objects within 15 minutes; without it there is no promise.", "Amazon S3 User Guide, Replication time control";
    S26 "A bucket has one replication document, replaced as a whole; priorities are unique in it.", "terraform-provider-aws; Amazon S3 API, PutBucketReplication";
    S27 "Where several lifecycle actions apply, permanent deletion goes before transition, and transition before a delete marker.", "Amazon S3 User Guide, Lifecycle conflicts";
    S28 (gk) "Bucket names are shared by all accounts: a deleted name may be taken by somebody else.", "general knowledge";
    S29 (gk) "The public access block overrides every policy and ACL that would open a bucket to everybody.", "general knowledge";
    S3 "In compliance mode nobody, root included, can delete a locked version, change its mode or shorten its period.", "Amazon S3 User Guide, How Object Lock works";
    S30 (gk) "Default encryption covers objects written from now on; those already there keep their own.", "general knowledge";
    S31 (gk) "A Deny in a bucket policy binds every principal, administrators included, until the policy is changed.", "general knowledge";
    S32 (gk) "One request copies an object of at most 5 GB; a larger one needs a multipart copy.", "general knowledge";
    S33 (gk) "A put with `If-None-Match: *` is refused where the key shows an object, and only one of several at once succeeds; a delete marker counts as none.", "Amazon S3 User Guide, Conditional writes";
    S4 "Governance mode can be bypassed by anyone with `s3:BypassGovernanceRetention`.", "Amazon S3 User Guide, How Object Lock works";
    S5 "Default retention covers objects written from now on; changing it changes no existing object.", "Amazon S3 User Guide, How Object Lock works";
    S6 "Default retention is a mode and either days or years, stored in the unit given.", "terraform-provider-aws; Amazon S3 API, DefaultRetention";
    S7 "A writer may give an object another retention than the default: the default is no floor, a bucket policy on the remaining retention is. No retention is longer than 100 years.", "Amazon S3 User Guide, Managing Object Lock";
    S8 "A legal hold is independent of retention and does not end by itself; whoever has `s3:PutObjectLegalHold` may lift it.", "Amazon S3 User Guide, How Object Lock works";
    S9 "Delete markers are not protected by Object Lock: a locked object can be hidden, and is not deleted.", "Amazon S3 User Guide, Object Lock considerations";
}

#[cfg(test)]
mod tests {
    use super::FACTS;

    #[test]
    fn facts_are_sorted_and_unique() {
        assert!(
            FACTS.windows(2).all(|w| w[0].id < w[1].id),
            "{:?}",
            FACTS.windows(2).find(|w| w[0].id >= w[1].id)
        );
    }
}
